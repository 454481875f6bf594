import type { Ending } from '../domain.ts'
import type { ProcessRow } from '../store.ts'
import type { MarkedProcess } from './machine.ts'

/** What is to be done about a row whose process this launcher does not watch. */
export type NextStep =
  | { kind: 'wait' }
  | { kind: 'start' }
  | { kind: 'adopt'; pid: number; startMark: string }
  | { kind: 'absent'; cause: Ending; detail: string }

export interface Surroundings {
  /** This run of the launcher. */
  launcher: string
  now: number
  startMarkOf(pid: number): string | null
  /** What the processes' marks showed before the rows were read; null where nobody looked. */
  marked: readonly MarkedProcess[] | null
}

/** Another run may have written its row a moment ago and be about to start the process. */
const patienceMs = 1_000

/** A row without a process of this launcher means that a launch is due, or that an earlier Muster went in the midst of
 *  one: before it started the process, before it wrote down which one it is, or later. */
export function nextStep(row: ProcessRow, around: Surroundings): NextStep {
  if (row.pid !== null) {
    if (row.startMark !== null && around.startMarkOf(row.pid) === row.startMark) {
      return { kind: 'adopt', pid: row.pid, startMark: row.startMark }
    }
    return absent(row, `Process ${row.pid} is no more.`)
  }
  if (row.launcher === around.launcher) {
    return row.wanted && row.state === 'starting' ? { kind: 'start' } : absent(row, 'It was never started.')
  }
  if (around.marked === null) return { kind: 'wait' }
  const leader = around.marked.find((one) => one.server === row.server && one.leads)
  if (leader !== undefined) return { kind: 'adopt', pid: leader.pid, startMark: leader.startMark }
  if (around.now < row.createdAt + patienceMs) return { kind: 'wait' }
  return absent(row, 'Muster went away before it was started.')
}

const absent = (row: ProcessRow, detail: string): NextStep => ({
  kind: 'absent',
  cause: row.wanted ? 'lost' : 'drained',
  detail,
})
