import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MatchIndex } from './match-index.ts'
import type { EngineEntry, Match, QueueRules } from './rules.ts'

const startMs = 1_000_000_000
const window = { initial: 30, perSecond: 15, max: 300 }

type Step =
  | { do: 'add'; entry: EngineEntry }
  | { do: 'remove'; id: string }
  | { do: 'pass'; afterS: number; matchesMax: number }

const kinds: QueueRules[] = [
  { teams: 2, teamSize: 1, window },
  { teams: 2, teamSize: 1, window: { ...window, adaptive: true } },
  { teams: 2, teamSize: 3, window },
  { teams: 3, teamSize: 2, window: { ...window, adaptive: true } },
  { teams: 5, teamSize: 1, minTeams: 3, fewerAfterS: 4, window },
]

const id = fc.integer({ min: 0, max: 60 }).map((n) => `entry_${n}`)
const step = (teamSize: number): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('add' as const),
        entry: fc.record({
          id,
          rating: fc.integer({ min: 1000, max: 1600 }),
          size: fc.integer({ min: 1, max: teamSize }),
          sinceMs: fc.integer({ min: startMs - 20_000, max: startMs }),
          front: fc.boolean(),
        }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), id }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('pass' as const),
        afterS: fc.integer({ min: 0, max: 10 }),
        matchesMax: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
      }),
    },
  )
const runs = fc
  .constantFrom(...kinds)
  .chain((rules) => fc.tuple(fc.constant(rules), fc.array(step(rules.teamSize), { maxLength: 150 })))

/** Plays the steps on an index and, beside it, on a plain map; answers every match with the entries as they were. */
function play(rules: QueueRules, steps: Step[]) {
  const index = new MatchIndex(rules)
  const waiting = new Map<string, EngineEntry>()
  const made: { match: Match; nowMs: number; entries: Map<string, EngineEntry> }[] = []
  let nowMs = startMs
  for (const step of [...steps, { do: 'pass' as const, afterS: 5, matchesMax: 1e9 }]) {
    if (step.do === 'add') {
      index.add(step.entry)
      waiting.set(step.entry.id, step.entry)
    } else if (step.do === 'remove') {
      expect(index.remove(step.id)).toBe(waiting.delete(step.id))
    } else {
      nowMs += step.afterS * 1000
      const entries = new Map(waiting)
      const matches = [...index.pass(nowMs, step.matchesMax)]
      expect(matches.length).toBeLessThanOrEqual(step.matchesMax)
      for (const match of matches) {
        for (const id of match.teams.flat())
          expect(waiting.delete(id), `${id} waited, and in one match only`).toBe(true)
        made.push({ match, nowMs, entries })
      }
    }
    expect(index.size).toBe(waiting.size)
    expect(index.players).toBe([...waiting.values()].reduce((sum, { size }) => sum + size, 0))
    for (const id of waiting.keys()) expect(index.has(id)).toBe(true)
  }
  return made
}

describe('whatever is added, removed and passed over', () => {
  test('every entry is in one match or still waits', () => {
    fc.assert(fc.property(runs, ([rules, steps]) => void play(rules, steps)))
  })

  test('teams are full, and every two of a match are inside each other’s windows', () => {
    fc.assert(
      fc.property(runs, ([rules, steps]) => {
        for (const { match, nowMs, entries } of play(rules, steps)) {
          const members = match.teams.map((team) => team.map((id) => entries.get(id)!))
          for (const team of members) expect(team.reduce((sum, { size }) => sum + size, 0)).toBe(rules.teamSize)
          const all = members.flat()
          const isFull = members.length === rules.teams
          const hasWaited = all.some(({ sinceMs }) => nowMs - sinceMs >= (rules.fewerAfterS ?? 30) * 1000)
          expect(isFull || (hasWaited && members.length >= (rules.minTeams ?? rules.teams))).toBe(true)
          expect(match.gap).toBe(spread(all))
          if (rules.window.adaptive) continue
          for (const each of all) {
            const widest = Math.max(...all.map(({ rating }) => Math.abs(rating - each.rating)))
            const waitS = Math.floor((nowMs - each.sinceMs) / 1000)
            expect(widest).toBeLessThanOrEqual(Math.min(300, 30 + 15 * waitS))
          }
        }
      }),
    )
  })

  test('an adaptive window never exceeds its limit', () => {
    const adaptive = runs.filter(([rules]) => rules.window.adaptive === true)
    fc.assert(
      fc.property(adaptive, ([rules, steps]) => {
        for (const { match } of play(rules, steps)) expect(match.gap).toBeLessThanOrEqual(300)
      }),
    )
  })

  test('the same calls give the same matches', () => {
    fc.assert(
      fc.property(runs, ([rules, steps]) => {
        const once = play(rules, steps).map(({ match }) => match)
        expect(play(rules, steps).map(({ match }) => match)).toEqual(once)
      }),
    )
  })
})

function spread(entries: EngineEntry[]): number {
  const ratings = entries.map(({ rating }) => rating)
  return Math.max(...ratings) - Math.min(...ratings)
}

describe('the index', () => {
  const duel: QueueRules = { teams: 2, teamSize: 1, window: { initial: 100, perSecond: 0 } }
  const entry = (name: string, rating: number, sinceMs = startMs): EngineEntry => {
    return { id: name, rating, size: 1, sinceMs, front: false }
  }

  test('an entry added again is replaced', () => {
    const index = new MatchIndex(duel)
    index.add(entry('a', 1500))
    index.add(entry('b', 9000))
    index.add(entry('b', 1510))
    expect([...index.pass(startMs)]).toEqual([{ teams: [['a'], ['b']], gap: 10, imbalance: 10 }])
    expect(index.size).toBe(0)
  })

  test('one that leaves between two passes is not matched, and its slot serves the next', () => {
    const index = new MatchIndex(duel)
    index.add(entry('a', 1500))
    index.pass(startMs)
    index.remove('a')
    index.add(entry('b', 1500))
    expect(index.pass(startMs)).toHaveLength(0)
    index.add(entry('c', 1500))
    expect([...index.pass(startMs)].map(({ teams }) => teams)).toEqual([[['b'], ['c']]])
  })

  test('a pass that may make only some matches makes those with the longest waiters', () => {
    const index = new MatchIndex(duel)
    for (let i = 0; i < 10; i++) {
      index.add(entry(`a${i}`, i * 1000, startMs + ((i * 7) % 10)))
      index.add(entry(`b${i}`, i * 1000 + 1, startMs + 50))
    }
    const teams = [...index.pass(startMs + 100, 3)].map(({ teams }) => teams.flat())
    expect(teams).toEqual([
      ['a0', 'b0'],
      ['a3', 'b3'],
      ['a6', 'b6'],
    ])
    expect(index.size).toBe(14)
    expect(index.pass(startMs + 100)).toHaveLength(7)
  })

  test('what cannot be an entry is refused and changes nothing', () => {
    const index = new MatchIndex(duel)
    index.add(entry('a', 1500))
    for (const wrong of [
      { rating: Number.NaN },
      { rating: Infinity },
      { sinceMs: Number.NaN },
      { size: 0 },
      { size: 2 },
    ]) {
      expect(() => index.add({ ...entry('a', 1), ...wrong })).toThrow('Entry a')
    }
    index.add(entry('b', 1500))
    expect(index.pass(startMs)).toHaveLength(1)
  })

  test('thousands come and go through the same slots', () => {
    const index = new MatchIndex(duel)
    for (let i = 0; i < 20_000; i++) {
      index.add(entry(`${i}`, (i * 7919) % 5000, startMs))
      if (i % 3 === 0) index.remove(`${i - 1}`)
      if (i % 500 === 499) index.pass(startMs)
    }
    expect(index.pass(startMs)).toHaveLength(0)
    expect(index.size).toBeLessThan(60)
  })
})
