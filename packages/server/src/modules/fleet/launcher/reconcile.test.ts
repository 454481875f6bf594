import { describe, expect, it } from 'vitest'
import type { ProcessRow } from '../store.ts'
import { nextStep, type Surroundings } from './reconcile.ts'

const row = (over: Partial<ProcessRow> = {}): ProcessRow => ({
  ...{ server: 'server_1', instance: 'i', launcher: 'mine', mode: 'duel', session: 'session_1', playersMax: 2 },
  ...{ brief: null, port: 7_000, pid: null, startMark: null, stopGraceMs: 0, readyTimeoutMs: 0, createdAt: 0 },
  ...{ state: 'starting', wanted: true, sdkPort: null },
  ...over,
})
const around = (over: Partial<Surroundings> = {}): Surroundings => ({
  ...{ launcher: 'mine', now: 10_000, startMarkOf: (pid) => (pid === 7 ? 'boot 1' : null), marked: [] },
  ...over,
})
const found = { pid: 7, server: 'server_1', startMark: 'boot 1', leads: true }

describe('a row whose process nobody watches', () => {
  it('is started where this launcher asked for it and it is still wanted', () => {
    expect(nextStep(row(), around())).toEqual({ kind: 'start' })
    expect(nextStep(row({ wanted: false }), around())).toMatchObject({ kind: 'absent', cause: 'drained' })
    expect(nextStep(row({ state: 'gone' }), around())).toMatchObject({ kind: 'absent' })
  })

  it('is taken over where that very process lives', () => {
    expect(nextStep(row({ pid: 7, startMark: 'boot 1' }), around())).toMatchObject({ kind: 'adopt', pid: 7 })
  })

  it('is lost where its process is dead, or its number was given to another', () => {
    expect(nextStep(row({ pid: 8, startMark: 'boot 1' }), around())).toMatchObject({ kind: 'absent', cause: 'lost' })
    expect(nextStep(row({ pid: 7, startMark: 'boot 0' }), around())).toMatchObject({ kind: 'absent', cause: 'lost' })
  })

  it('of an earlier launcher is found by its mark, once somebody has looked', () => {
    const earlier = row({ launcher: 'earlier' })
    expect(nextStep(earlier, around({ marked: null }))).toEqual({ kind: 'wait' })
    expect(nextStep(earlier, around({ marked: [found] }))).toEqual({ kind: 'adopt', pid: 7, startMark: 'boot 1' })
    expect(nextStep(earlier, around({ marked: [{ ...found, leads: false }] }))).toMatchObject({ kind: 'absent' })
  })

  it('of an earlier launcher is given a moment to appear, then given up', () => {
    expect(nextStep(row({ launcher: 'earlier', createdAt: 9_500 }), around())).toEqual({ kind: 'wait' })
    expect(nextStep(row({ launcher: 'earlier' }), around())).toMatchObject({ kind: 'absent', cause: 'lost' })
  })
})
