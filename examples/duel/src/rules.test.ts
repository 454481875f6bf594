import { describe, expect, it } from 'vitest'
import { choose } from './bot.ts'
import { begin, cells, type Duel, isOver, play, ranksOf, readMove, turnsMax } from './rules.ts'

describe('the duel', () => {
  it('walks first and shoots then', () => {
    const hit = play(begin(), [
      { step: 0, fire: 4 },
      { step: -1, fire: 1 },
    ])
    expect(hit.fighters).toEqual([
      { cell: 1, hits: 1 },
      { cell: 4, hits: 1 },
    ])
    const missed = play(begin(), [
      { step: 0, fire: 5 },
      { step: -1, fire: 2 },
    ])
    expect(missed.fighters.map(({ hits }) => hits)).toEqual([0, 0])
  })

  it('lets nobody through the wall, and takes no nonsense', () => {
    expect(
      play(
        play(begin(), [
          { step: -1, fire: 0 },
          { step: 1, fire: 3 },
        ]),
        [
          { step: -1, fire: 6 },
          { step: 1, fire: 3 },
        ],
      ).fighters.map(({ cell }) => cell),
    ).toEqual([0, cells - 1])
    for (const nonsense of [null, {}, { step: 2, fire: 0 }, { step: 0, fire: 7 }, { step: 0, fire: 0.5 }]) {
      expect(readMove(nonsense)).toBeNull()
    }
  })

  it('ends, and says who won', () => {
    const at = (a: number, b: number, turn = 9): Duel => ({
      turn,
      fighters: [
        { cell: 0, hits: a },
        { cell: 1, hits: b },
      ],
    })
    expect([at(3, 1), at(1, 3), at(3, 3)].map(ranksOf)).toEqual([
      [1, 2],
      [2, 1],
      [1, 1],
    ])
    expect([isOver(at(2, 2)), isOver(at(0, 3)), isOver(at(0, 0, turnsMax))]).toEqual([false, true, true])
  })

  it('is decided by play: who is better wins, and wins the more often the better', () => {
    let state = 1
    const chance = () => {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    }
    /** How often the first wins, a draw counting half. */
    const share = (skillA: number, skillB: number): number => {
      let points = 0
      for (let game = 0; game < 400; game++) {
        let duel = begin()
        const [seenA, seenB]: [number[], number[]] = [[], []]
        while (!isOver(duel)) {
          const [a, b] = duel.fighters
          duel = play(duel, [choose(skillA, a, b, chance, seenB), choose(skillB, b, a, chance, seenA)])
          seenA.push(duel.fighters[0].cell - a.cell)
          seenB.push(duel.fighters[1].cell - b.cell)
        }
        const [first, second] = ranksOf(duel)
        points += first === second ? 0.5 : first < second ? 1 : 0
      }
      return points / 400
    }
    expect(share(0.5, 0.5)).toBeGreaterThan(0.4)
    expect(share(0.5, 0.5)).toBeLessThan(0.6)
    expect(share(0.6, 0.4)).toBeGreaterThan(0.6)
    expect(share(0.9, 0.5)).toBeGreaterThan(0.7)
    expect(share(0.9, 0.1)).toBeGreaterThan(0.95)
  })
})
