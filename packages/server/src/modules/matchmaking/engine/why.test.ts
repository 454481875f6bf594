import { describe, expect, test } from 'vitest'
import { MatchIndex } from './match-index.ts'

const nowMs = 1_000_000_000
const duel = { teams: 2, teamSize: 1, window: { initial: 50, perSecond: 10, max: 100, stepS: 2 } }

function waiting(rules: ConstructorParameters<typeof MatchIndex>[0], parties: [string, number, number, number][]) {
  const index = new MatchIndex(rules)
  for (const [id, rating, size, waitS] of parties) {
    index.add({ id, rating, size, sinceMs: nowMs - waitS * 1000, front: false })
  }
  index.pass(nowMs)
  return index
}

describe('what keeps an entry waiting', () => {
  test('it is alone', () => {
    const index = waiting(duel, [['a', 1500, 1, 0]])
    expect(index.why('a', nowMs)).toEqual({
      reason: 'too_few_players',
      waitedMs: 0,
      window: { low: 1450, high: 1550 },
      nextWidensAtMs: nowMs + 2000,
      nextWindow: { low: 1430, high: 1570 },
      playersInWindow: 0,
      playersSuiting: 0,
      playersNeeded: 1,
    })
  })

  test('others are far off, and its window is as wide as it gets', () => {
    const index = waiting(duel, [
      ['a', 1500, 1, 60],
      ['b', 1800, 1, 60],
    ])
    expect(index.why('a', nowMs)).toMatchObject({
      reason: 'no_rating_near',
      window: { low: 1400, high: 1600 },
      nextWidensAtMs: null,
      nextWindow: null,
      playersNeeded: 1,
    })
  })

  test('the other’s window does not reach back yet', () => {
    const index = waiting(duel, [
      ['a', 1500, 1, 60],
      ['b', 1580, 1, 0],
    ])
    expect(index.why('a', nowMs)).toMatchObject({ reason: 'others_too_narrow', playersInWindow: 1, playersSuiting: 0 })
    expect(index.why('b', nowMs)).toMatchObject({ reason: 'no_rating_near', playersInWindow: 0 })
  })

  test('the parties do not make full teams', () => {
    const index = waiting({ ...duel, teamSize: 3 }, [
      ['a', 1500, 2, 0],
      ['b', 1500, 2, 0],
      ['c', 1500, 2, 0],
    ])
    expect(index.why('a', nowMs)).toMatchObject({ reason: 'parties_do_not_fit', playersSuiting: 4, playersNeeded: 2 })
  })

  test('the window has just opened wide enough', () => {
    const index = waiting(duel, [
      ['a', 1500, 1, 0],
      ['b', 1560, 1, 0],
    ])
    expect(index.why('a', nowMs + 1999)).toMatchObject({ reason: 'no_rating_near' })
    expect(index.why('a', nowMs + 2000)).toMatchObject({ reason: 'about_to_match', playersNeeded: 0 })
    expect(index.pass(nowMs + 2000)).toHaveLength(1)
  })

  test('of one who does not wait there is nothing to say', () => {
    expect(new MatchIndex(duel).why('nobody', nowMs)).toBeNull()
  })
})
