import type { Clock } from '../../../platform/clock.ts'
import type { Db } from '../../../platform/db.ts'
import type { Log } from '../../../platform/log.ts'
import type { Wakes } from '../../../platform/wakes.ts'
import type { Allocator } from '../allocator.ts'
import type { Ending } from '../domain.ts'
import type { EndServers } from '../endings.ts'
import type { Figures } from '../figures.ts'
import type { FleetNeeds } from '../needs.ts'
import type { ProcessRow, ProcessStore } from '../store.ts'
import type { KeptProcess, Memory } from './kept.ts'
import { isRunning, type MarkedProcess, type ProcessName, signalGroup } from './process-table.ts'
import type { Spawn } from './spawner.ts'

export interface AttendantNeeds extends Pick<FleetNeeds, 'launchSourceOf'> {
  clock: Clock
  db: Db
  wakes: Wakes
  log: Log
  store: ProcessStore
  figures: Figures
  endServers: EndServers
  confirm: Allocator['confirm']
  spawn: Spawn
  memory: Memory
  launcher: string
  /** Looks again soon. */
  nudge(): void
}

/** `busy`: something is about to happen, look again in a moment. */
export type Attended = 'busy' | 'calm'

const readyLine = /^MUSTER_READY(?:\s+port=(\d{1,5}))?\s*$/
const detailCharactersMax = 2_000

/**
 * Brings a process and its row together, whichever of them is behind:
 *
 *   row without a process ─► found again and taken over, or started, or written off
 *   process of a server that went, or whose session is over ─► SIGTERM, and SIGKILL after the grace
 *   row whose process has ended ─► the server is gone, and whatever it held comes back
 *   starting ─► ready, by a line on its output; or given up when its time is over
 */
export function createAttendant(needs: AttendantNeeds) {
  const { clock, db, store, memory } = needs

  async function end(row: ProcessRow, cause: Ending, detail: string | null): Promise<void> {
    if (row.state === 'gone') return
    if (row.state === 'starting') needs.figures.launchFailed(cause)
    const request = { servers: [row.server], cause, detail, now: clock.now() }
    await db.transact((tx) => needs.endServers(tx, request))
  }

  /** The process is no more, or never was: its port may be given again. */
  async function writeOff(row: ProcessRow, { exit, tail }: KeptProcess): Promise<void> {
    const output = tail.last()
    await db.once((tx) =>
      store.endProcess(tx, {
        ...{ server: row.server, exitCode: exit?.code ?? null, exitSignal: exit?.signal ?? null },
        ...{ output: output.length === 0 ? null : output, now: clock.now() },
      }),
    )
  }

  const lastWords = (kept: KeptProcess, before: string): string =>
    [before, ...kept.tail.last()].filter(Boolean).join('\n').slice(-detailCharactersMax)

  async function withoutProcess(row: ProcessRow, kept: KeptProcess, lost: MarkedProcess[]): Promise<Attended> {
    const found = lost.find(({ server }) => server === row.server)
    if (found !== undefined) {
      await db.once((tx) => store.recordProcess(tx, { ...found, launcher: needs.launcher }))
      return 'busy'
    }
    if (row.state !== 'starting' || !row.wanted) {
      await end(row, 'drained', null)
      await writeOff(row, kept)
      return 'calm'
    }
    const failure = await needs.spawn(row, (exit) => {
      kept.exit = exit
      needs.nudge()
    })
    if (failure === null) return 'busy'
    needs.log.warn({ server: row.server, mode: row.mode, ...failure }, 'a game server could not be started')
    await end(row, failure.cause, failure.detail)
    await writeOff(row, kept)
    return 'calm'
  }

  async function ended(row: ProcessRow, process: ProcessName, kept: KeptProcess): Promise<void> {
    await kept.tail.read()
    const { exit } = kept
    const how = exit === null ? '' : exit.signal === null ? `Exit code ${exit.code}.` : `Ended by ${exit.signal}.`
    const running = row.launcher === needs.launcher ? 'exited' : 'lost'
    const cause = row.state === 'draining' ? 'drained' : row.state === 'starting' ? 'exited_early' : running
    await end(row, cause, lastWords(kept, how))
    // Its own children do not outlive it.
    signalGroup(process.pid, 'SIGKILL')
    await writeOff(row, kept)
  }

  async function stop(row: ProcessRow, process: ProcessName, kept: KeptProcess): Promise<void> {
    const now = clock.now()
    if (kept.killAt === null) {
      kept.killAt = now + row.stopGraceMs
      signalGroup(process.pid, 'SIGTERM')
    } else if (now >= kept.killAt) {
      signalGroup(process.pid, 'SIGKILL')
    }
  }

  async function outOfUse(row: ProcessRow, process: ProcessName, kept: KeptProcess): Promise<Attended> {
    if (row.state !== 'gone') {
      const lingerMs = (needs.launchSourceOf(row.mode)?.lingerS ?? 0) * 1_000
      kept.lingersUntil ??= clock.now() + lingerMs
      if (clock.now() < kept.lingersUntil) return 'busy'
      await end(row, 'drained', null)
    }
    await stop(row, process, kept)
    return 'busy'
  }

  async function starting(row: ProcessRow, kept: KeptProcess, lines: readonly string[]): Promise<Attended> {
    const said = lines.map((line) => readyLine.exec(line)).find((match) => match !== null)
    if (said !== undefined && said !== null) {
      const port = said[1] === undefined ? undefined : Number(said[1])
      await db.transact((tx) => needs.confirm(tx, row.session, port))
      needs.wakes.wake('session', [row.session])
      return 'calm'
    }
    if (clock.now() < row.createdAt + row.readyTimeoutMs) return 'busy'
    await end(row, 'not_ready', lastWords(kept, `Not ready within ${row.readyTimeoutMs / 1_000} s.`))
    return 'busy'
  }

  return async (row: ProcessRow, lost: MarkedProcess[]): Promise<Attended> => {
    const kept = memory.of(row.server)
    if (row.pid === null) return withoutProcess(row, kept, lost)
    const process = { pid: row.pid, startMark: row.startMark ?? '' }
    if (kept.exit !== null || !(await isRunning(process))) {
      kept.lives = false
      await ended(row, process, kept)
      return 'calm'
    }
    const lines = await kept.tail.read()
    if (lines.length > 0) kept.hasNews = true
    kept.lives = row.state !== 'gone'
    if (row.state === 'gone' || row.state === 'draining' || !row.wanted) return outOfUse(row, process, kept)
    return row.state === 'starting' ? starting(row, kept, lines) : 'calm'
  }
}
