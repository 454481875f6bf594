import type { SessionState } from '@muster/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Attendance, after, type Course, firstDeadline, isLive, type SessionEvent, type Timing } from './domain.ts'

const timing: Timing = {
  allocateWaitMs: 5_000,
  readyTimeoutMs: 30_000,
  loadingTimeoutMs: 60_000,
  durationMaxMs: 7_200_000,
  lobbyMs: 1_800_000,
  emptyMs: 120_000,
  playersMin: null,
}
const events: SessionEvent[] = [
  'allocated',
  'ready',
  'started',
  'attendance',
  'finished',
  'abandoned',
  'called_off',
  'server_lost',
  'server_late',
  'time',
]
const states: SessionState[] = [
  'requested',
  'preparing',
  'loading',
  'in_progress',
  'completed',
  'abandoned',
  'cancelled',
]

const course = (state: SessionState, attendance: Partial<Attendance> = {}, over: Partial<Course> = {}): Course => ({
  kind: 'match',
  state,
  deadlineAt: isLive(state) ? 1_000 : null,
  loadingAt: state === 'loading' || state === 'in_progress' ? 500 : null,
  startedAt: state === 'in_progress' ? 700 : null,
  attendance: { seats: 2, present: 0, gaveUp: 0, hosted: false, ...attendance },
  ...over,
})
const at = (it: Course, event: SessionEvent, now: number, over: Partial<Timing> = {}) =>
  after(it, event, { ...timing, ...over }, now)

describe('the course of a session', () => {
  it('searches for a server until the wait is over', () => {
    expect(firstDeadline(timing, 100)).toBe(5_100)
    expect(at(course('requested'), 'time', 999)).toEqual({ kind: 'stay' })
    expect(at(course('requested'), 'time', 1_000)).toEqual({ kind: 'end', to: 'cancelled', cause: 'no_server' })
    expect(at(course('requested'), 'allocated', 10)).toEqual({ kind: 'move', to: 'preparing', deadlineAt: 30_010 })
  })

  it('waits for the server to be ready', () => {
    expect(at(course('preparing'), 'ready', 10)).toEqual({ kind: 'move', to: 'loading', deadlineAt: 60_010 })
    const late = { kind: 'end', to: 'cancelled', cause: 'server_not_ready' }
    expect(at(course('preparing'), 'time', 1_000)).toEqual(late)
    expect(at(course('preparing'), 'server_late', 10)).toEqual(late)
    expect(at(course('preparing'), 'server_lost', 10)).toEqual({
      ...{ kind: 'end', to: 'cancelled', cause: 'server_failed' },
    })
    expect(at(course('preparing'), 'abandoned', 10)).toEqual({ kind: 'end', to: 'cancelled', cause: 'reported' })
  })

  it('begins when all have come, or when the server says so', () => {
    const begun = { kind: 'move', to: 'in_progress', deadlineAt: 7_200_010 }
    expect(at(course('loading', { present: 1 }), 'attendance', 10)).toEqual({ kind: 'stay' })
    expect(at(course('loading', { present: 2 }), 'attendance', 10)).toEqual(begun)
    expect(at(course('loading'), 'started', 10)).toEqual(begun)
  })

  it('begins without those who are late if enough have come when time is up', () => {
    const five = { seats: 5, present: 3 }
    expect(at(course('loading', five), 'time', 999, { playersMin: 3 })).toEqual({ kind: 'stay' })
    expect(at(course('loading', five), 'time', 1_000, { playersMin: 3 })).toMatchObject({ to: 'in_progress' })
    expect(at(course('loading', five), 'time', 1_000, { playersMin: 4 })).toMatchObject({ cause: 'too_few_came' })
    expect(at(course('loading', five), 'time', 1_000)).toMatchObject({ cause: 'too_few_came' })
    expect(at(course('loading', { seats: 5 }), 'time', 1_000)).toMatchObject({ cause: 'nobody_came' })
  })

  it('asks for no more than all, whatever the minimum says', () => {
    const both = { seats: 2, present: 2 }
    expect(at(course('loading', both), 'time', 1_000, { playersMin: 9 })).toMatchObject({ to: 'in_progress' })
  })

  it.each(['requested', 'preparing', 'loading'] as const)(
    'gives up while %s where the minimum cannot come',
    (state) => {
      const cancelled = { kind: 'end', to: 'cancelled', cause: 'too_few_came' }
      expect(at(course(state, { gaveUp: 1 }), 'attendance', 10)).toEqual(cancelled)
      expect(at(course(state, { seats: 3, gaveUp: 1 }), 'attendance', 10, { playersMin: 2 })).toEqual({ kind: 'stay' })
      expect(at(course(state, { seats: 2, gaveUp: 2 }), 'attendance', 10, { playersMin: 1 })).toEqual(cancelled)
    },
  )

  it('begins with the others once whoever gave up is waited for no longer', () => {
    const rest = { seats: 3, present: 2, gaveUp: 1 }
    expect(at(course('loading', rest), 'attendance', 10, { playersMin: 2 })).toMatchObject({ to: 'in_progress' })
  })

  it('ends play by a result, by the server, or by time', () => {
    expect(at(course('in_progress'), 'finished', 10)).toEqual({ kind: 'end', to: 'completed', cause: null })
    const abandoned = (cause: string) => ({ kind: 'end', to: 'abandoned', cause })
    expect(at(course('in_progress'), 'abandoned', 10)).toEqual(abandoned('reported'))
    expect(at(course('in_progress'), 'server_lost', 10)).toEqual(abandoned('server_lost'))
    expect(at(course('in_progress'), 'time', 999)).toEqual({ kind: 'stay' })
    expect(at(course('in_progress'), 'time', 1_000)).toEqual(abandoned('overtime'))
    expect(at(course('in_progress', { gaveUp: 2 }), 'attendance', 10)).toEqual({ kind: 'stay' })
  })

  it('[security 35] takes no result before play has begun', () => {
    for (const state of ['requested', 'preparing', 'loading'] as const) {
      expect(at(course(state), 'finished', 10)).toEqual({ kind: 'too_early' })
    }
    expect(at(course('preparing'), 'started', 10)).toEqual({ kind: 'too_early' })
    expect(at(course('requested'), 'ready', 10)).toEqual({ kind: 'too_early' })
  })

  it('leaves the beginning of a private game to its host', () => {
    const friends = course('loading', { seats: 2, present: 2 }, { kind: 'private' })
    expect(at(friends, 'attendance', 10)).toEqual({ kind: 'stay' })
    expect(at(friends, 'time', 1_000)).toMatchObject({ to: 'cancelled', cause: 'not_started' })
    expect(at(friends, 'started', 10)).toMatchObject({ to: 'in_progress' })
    expect(at(course('loading', {}, { kind: 'private' }), 'time', 1_000)).toMatchObject({ cause: 'nobody_came' })
  })

  describe('of friends', () => {
    const lobby = (attendance: Partial<Attendance>, deadlineAt = 60_500) =>
      course('loading', attendance, { kind: 'private', deadlineAt })
    const play = (attendance: Partial<Attendance>, deadlineAt = 7_200_700) =>
      course('in_progress', attendance, { kind: 'private', deadlineAt })

    it('gives them the lobby’s time once their host has come', () => {
      expect(at(lobby({ present: 1 }), 'attendance', 600)).toEqual({ kind: 'stay' })
      expect(at(lobby({ present: 1, hosted: true }), 'attendance', 600)).toEqual({
        kind: 'wait',
        deadlineAt: 1_800_500,
      })
      expect(at(lobby({ present: 2, hosted: true }, 1_800_500), 'attendance', 900)).toEqual({ kind: 'stay' })
    })

    it('keeps an empty one for a while, and no longer than there was time anyway', () => {
      const left = { present: 0, hosted: true }
      expect(at(lobby(left, 1_800_500), 'attendance', 10_000)).toEqual({ kind: 'wait', deadlineAt: 130_000 })
      expect(at(lobby(left, 130_000), 'attendance', 20_000)).toEqual({ kind: 'stay' })
      expect(at(lobby(left, 130_000), 'time', 130_000)).toEqual({ kind: 'end', to: 'cancelled', cause: 'empty' })
      expect(at(play({ present: 0 }), 'attendance', 10_000)).toEqual({ kind: 'wait', deadlineAt: 130_000 })
      expect(at(play({ present: 1 }, 130_000), 'attendance', 20_000)).toEqual({ kind: 'wait', deadlineAt: 7_200_700 })
      expect(at(play({ present: 0 }, 130_000), 'time', 130_000)).toEqual({
        ...{ kind: 'end', to: 'abandoned', cause: 'empty' },
      })
      expect(at(play({ present: 0 }), 'time', 7_200_700)).toMatchObject({ to: 'abandoned', cause: 'overtime' })
    })

    it('ends where the host calls it off', () => {
      for (const state of ['requested', 'preparing', 'loading'] as const) {
        expect(at(course(state, {}, { kind: 'private' }), 'called_off', 10)).toEqual({
          ...{ kind: 'end', to: 'cancelled', cause: 'host_left' },
        })
      }
      expect(at(play({ present: 1 }), 'called_off', 10)).toMatchObject({ to: 'abandoned', cause: 'host_left' })
    })
  })
})

describe('any sequence of events', () => {
  const rank = (state: SessionState) => Math.min(states.indexOf(state), 4)
  const happening = fc.record({
    event: fc.constantFrom(...events),
    spanMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100_000 })),
    present: fc.nat(4),
    gaveUp: fc.nat(4),
    hosted: fc.boolean(),
  })
  const setting = fc.record({
    kind: fc.constantFrom('match' as const, 'private' as const),
    seats: fc.integer({ min: 1, max: 4 }),
    playersMin: fc.option(fc.integer({ min: 1, max: 6 })),
    happenings: fc.array(happening, { maxLength: 40 }),
  })

  /** Plays the events out and tells every state that was entered. */
  function play({ kind, seats, playersMin, happenings }: typeof setting extends fc.Arbitrary<infer S> ? S : never) {
    let now = 0
    let it: Course = {
      kind,
      state: 'requested',
      deadlineAt: firstDeadline(timing, 0),
      ...{ loadingAt: null, startedAt: null },
      attendance: { seats, present: 0, gaveUp: 0, hosted: false },
    }
    const entered: SessionState[] = ['requested']
    const steps: { from: SessionState; to: SessionState }[] = []
    for (const { event, spanMs, present, gaveUp, hosted } of happenings) {
      now += spanMs
      const left = Math.min(gaveUp, seats)
      it = { ...it, attendance: { seats, present: Math.min(present, seats - left), gaveUp: left, hosted } }
      const verdict = after(it, event, { ...timing, playersMin }, now)
      if (verdict.kind === 'ended' && isLive(it.state)) throw new Error(`${it.state} is not ended.`)
      if (verdict.kind === 'wait') it = { ...it, deadlineAt: verdict.deadlineAt }
      if (verdict.kind !== 'move' && verdict.kind !== 'end') continue
      steps.push({ from: it.state, to: verdict.to })
      entered.push(verdict.to)
      it = { ...it, state: verdict.to, deadlineAt: verdict.kind === 'move' ? verdict.deadlineAt : null }
      if (it.state === 'loading') it = { ...it, loadingAt: now }
      if (it.state === 'in_progress') it = { ...it, startedAt: now }
    }
    return { it, now, entered, steps }
  }

  it('[law 4] ends at most once, and only forwards', () => {
    fc.assert(
      fc.property(setting, (given) => {
        const { entered, steps } = play(given)
        expect(entered.filter((state) => !isLive(state)).length).toBeLessThanOrEqual(1)
        for (const { from, to } of steps) {
          expect(isLive(from)).toBe(true)
          expect(rank(to)).toBeGreaterThan(rank(from))
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('[law 13] nothing revives what has ended', () => {
    fc.assert(
      fc.property(setting, fc.constantFrom(...events), fc.nat(10_000_000), (given, event, spanMs) => {
        const { it, now } = play(given)
        fc.pre(!isLive(it.state))
        expect(after(it, event, timing, now + spanMs)).toEqual({ kind: 'ended' })
      }),
      { numRuns: 2_000 },
    )
  })

  it('[law 4] none stays open for ever: time alone ends it', () => {
    fc.assert(
      fc.property(setting, (given) => {
        let { it, now } = play(given)
        for (let looks = 0; isLive(it.state); looks++) {
          expect(looks).toBeLessThan(5)
          expect(it.deadlineAt).not.toBeNull()
          now = Math.max(now, it.deadlineAt ?? 0)
          const verdict = after(it, 'time', { ...timing, playersMin: given.playersMin }, now)
          if (verdict.kind === 'move') it = { ...it, state: verdict.to, deadlineAt: verdict.deadlineAt }
          else if (verdict.kind === 'end') it = { ...it, state: verdict.to, deadlineAt: null }
          else throw new Error(`${it.state} stays open after its deadline.`)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
