import { expect, test } from 'vitest'
import { MatchIndex } from './match-index.ts'
import type { Match, QueueRules } from './rules.ts'

/** A small generator of our own, so that the figures below are the same in every run. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

interface Party {
  id: string
  rating: number
  size: number
}

function crowd(players: number, sizes: number[], seed: number): Party[] {
  const fraction = chance(seed)
  const parties: Party[] = []
  for (let p = 0; p < players; ) {
    const size = sizes[Math.floor(fraction() * sizes.length)]!
    const rating = 1500 + 300 * (fraction() + fraction() + fraction() + fraction() - 2)
    parties.push({ id: `${parties.length}`, rating, size })
    p += size
  }
  return parties
}

function play(rules: QueueRules, parties: Party[]): Match[] {
  const index = new MatchIndex(rules)
  for (const party of parties) index.add({ ...party, sinceMs: 0, front: false })
  return [...index.pass(1000)]
}

/** What the same matches would be with their parties put into the first team they fit, in the order of their ids. */
function withoutBalance({ teams }: Match, parties: Party[], teamSize: number): number {
  const room = teams.map(() => teamSize)
  const sums = teams.map(() => 0)
  const inOrder = teams.flat().map((id) => parties[Number(id)]!)
  inOrder.sort((a, b) => b.size - a.size || Number(a.id) - Number(b.id))
  for (const { rating, size } of inOrder) {
    const t = room.findIndex((left) => left >= size)
    if (t < 0) return Number.NaN
    room[t]! -= size
    sums[t]! += rating * size
  }
  return (Math.max(...sums) - Math.min(...sums)) / teamSize
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

test.each<[string, QueueRules, number[], number]>([
  ['5v5 alone', { teams: 2, teamSize: 5, window: { initial: 300, perSecond: 0 } }, [1], 0.05],
  [
    '5v5 with parties',
    { teams: 2, teamSize: 5, window: { initial: 300, perSecond: 0 } },
    [1, 1, 1, 2, 2, 3, 4, 5],
    0.6,
  ],
  ['4 teams of 3', { teams: 4, teamSize: 3, window: { initial: 300, perSecond: 0 } }, [1, 1, 1, 2, 3], 0.8],
  ['8v8 alone', { teams: 2, teamSize: 8, window: { initial: 300, perSecond: 0 } }, [1], 0.05],
])('%s: the means of the teams lie closer than by chance', (_, rules, sizes, part) => {
  const parties = crowd(1200, sizes, 11)
  const matches = play(rules, parties)
  expect(matches.length).toBeGreaterThan(60)
  const random = matches.map((match) => withoutBalance(match, parties, rules.teamSize)).filter((each) => each >= 0)
  expect(mean(matches.map(({ imbalance }) => imbalance))).toBeLessThan(part * mean(random))
})

test('what a match tells of itself can be worked out from its members', () => {
  const parties = crowd(300, [1, 2, 3], 5)
  for (const { teams, gap, imbalance } of play(
    { teams: 2, teamSize: 3, window: { initial: 300, perSecond: 0 } },
    parties,
  )) {
    const ratings = teams.flat().map((id) => parties[Number(id)]!.rating)
    const means = teams.map((team) => {
      const members = team.map((id) => parties[Number(id)]!)
      return members.reduce((sum, { rating, size }) => sum + rating * size, 0) / 3
    })
    expect(gap).toBeCloseTo(Math.max(...ratings) - Math.min(...ratings), 2)
    expect(imbalance).toBeCloseTo(Math.abs(means[0]! - means[1]!), 2)
  }
})
