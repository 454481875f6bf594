import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BadInput } from '../bad-input.ts'
import { askedOf } from './asked.ts'
import { rateGame } from './rate-game.ts'

// biome-ignore lint/suspicious/noExplicitAny: the answers are JSON, looked at field by field.
type Json = any
const rate = (game: unknown): Json => rateGame(askedOf(JSON.stringify(game), { parameters: {} }))
const published = JSON.parse(
  readFileSync(new URL('../../../../../../conformance/ratings-published.json', import.meta.url), 'utf8'),
)

describe('published examples, in the shapes in which they are published', () => {
  test.each(published.elo as Record<string, number>[])('Elo $a, $b, score $score_a', (one) => {
    const { delta_a, expect_a, expect_b, ...asked } = one
    const { players } = rate({ system: 'elo', ...asked })
    if (delta_a !== undefined) expect(Math.round(players[0].delta)).toBe(delta_a)
    if (expect_a !== undefined) expect([players[0].rating, players[1].rating]).toEqual([expect_a, expect_b])
  })

  test('Glicko-2: a period of three games', () => {
    const { tau, player, period, expect: wanted } = published.glicko2[0]
    const answer = rate({ system: 'glicko2', tau, player, period })
    expect(answer.player.rating).toBeCloseTo(wanted.rating, 4)
    expect(answer.player.rd).toBeCloseTo(wanted.rd, 4)
    expect(answer.player.volatility).toBeCloseTo(wanted.volatility, 6)
    expect(answer.player).toMatchObject({ games: 3, before: player })
    expect(answer.prediction).toHaveLength(3)
  })

  test('Glicko-2: winner and loser', () => {
    const { tau, winner, loser, expect: wanted } = published.glicko2[1]
    const { players } = rate({ system: 'glicko2', tau, winner, loser })
    expect(players[0].rating).toBeCloseTo(wanted.winner, 2)
    expect(players[1].rating).toBeCloseTo(wanted.loser, 2)
    expect(players[0].rd).toBeCloseTo(wanted.rd, 4)
  })

  test('OpenSkill: two newcomers', () => {
    const { players } = rate({ system: 'openskill', players: [{}, {}] })
    const [wanted] = published.openskill
    expect(players[0].mu).toBeCloseTo(wanted.winner_mu, 9)
    expect(players[1].mu).toBeCloseTo(wanted.loser_mu, 9)
    expect(players[0].sigma).toBeCloseTo(wanted.sigma, 9)
  })
})

describe('the answer', () => {
  test('has the shape of the question', () => {
    const { players, prediction, ...rest } = rate({
      system: 'openskill',
      players: [['ann', { id: 'bob', mu: 30 }], 20, [{ name: 'cid', sigma: 1, games: 7 }]],
      ranks: [2, 2, 1],
    })
    expect(rest).toMatchObject({ system: 'openskill', parameters: { mu: 25, limitSigma: false } })
    expect(prediction).toHaveLength(3)
    expect(players).toMatchObject([
      [
        { id: 'ann', rank: 2, games: 1 },
        { id: 'bob', rank: 2, before: { mu: 30 } },
      ],
      { rank: 2, before: { mu: 20 } },
      [{ id: 'cid', rank: 1, games: 8, before: { sigma: 1 } }],
    ])
    for (const player of players.flat()) expect(player.delta).toBeCloseTo(player.mu - player.before.mu, 9)
  })

  test('is the same however the question is put', () => {
    const plain = rate({ system: 'elo', k: 24, players: [1500, 1600], ranks: [2, 1] })
    for (const other of [
      { system: 'elo', k: 24, teams: [[1500], [1600]], ranks: [5, 3] },
      { system: 'elo', K: 24, a: 1500, b: 1600, score_a: 0 },
      { system: 'elo', parameters: { k: 24 }, players: [{ rating: 1500 }, { value: 1600 }], score_a: 0 },
      { system: 'elo', k: 24, loser: 1500, winner: 1600 },
    ]) {
      const ratings = (rate(other).players.flat() as Json[]).map(({ rating }) => rating).sort()
      expect(ratings).toEqual(plain.players.map(({ rating }: Json) => rating).sort())
    }
  })

  test('ranks that are left out are the order of the names', () => {
    expect(rate({ system: 'elo', players: ['a', 'b', 'c'] }).players.map(({ rank }: Json) => rank)).toEqual([1, 2, 3])
  })

  test('looks at the time where periods have a length', () => {
    const player = { rating: 1500, rd: 60, last_at: '2025-01-01T00:00:00Z' }
    const at = (day: string) => rate({ periodDays: 7, at: day, players: [player, player] }).players[0].delta
    expect(at('2026-01-01')).toBeGreaterThan(at('2025-01-02'))
  })
})

test.each<[Json, string]>([
  [[], 'is to be one object'],
  [{}, 'players: is missing'],
  [{ system: 'x' }, 'system: "x" is not one of elo, glicko2, openskill'],
  [{ system: 'constructor' }, 'system: "constructor" is not one of'],
  [{ players: 3 }, 'players: is to be a list'],
  [{ players: [1] }, 'teams: 1 given; a game needs at least two'],
  [{ teams: [[1], 2] }, 'teams[1]: is to be a list of players'],
  [{ players: [[], [1]] }, 'teams[0]: has no players'],
  [{ players: [1, null] }, 'players[1]: null is no player'],
  [{ players: [1, [[2]]] }, 'players[1][0]: [2] is no player'],
  [{ players: [1, ''] }, 'players[1]: the player has no name'],
  [{ players: ['a', 'a'] }, "players: 'a' is named twice"],
  [{ players: [1, { id: {} }] }, "players[1].id: a player's name is text"],
  [{ players: [1, { mu: 25 }] }, 'players[1].mu: glicko2 has no such field; a player has id, rating, rd, volatility'],
  [{ players: [1, { rating: '2' }] }, 'players[1].rating: "2" is no number'],
  [{ players: [1, { rd: -1 }] }, 'players[1].rd: -1 is no number of 0 or more'],
  [{ players: [1, { games: 1.5 }] }, 'players[1].games: 1.5 is no whole number'],
  [{ players: [1, { last_at: 'now' }] }, "at: 'now' is no time"],
  [{ players: [1e12, 1] }, 'teams[0][0]: 1000000000000 is no rating'],
  [{ players: [1, 2], teams: [[1], [2]] }, 'players and teams: only one of them'],
  [{ players: [1, 2], ranks: [1, 2], score_a: 1 }, 'ranks and score_a: only one of them'],
  [{ winner: 1, loser: 2, ranks: [1, 2] }, 'winner and loser leave no room'],
  [{ players: [1, 2], ranks: 1 }, 'ranks: is to be a list'],
  [{ players: [1, 2], ranks: [1] }, 'ranks: 1 given for 2 teams; each team needs one'],
  [{ players: [1, 2], ranks: [1, '2'] }, 'ranks[1]: "2" is no whole number'],
  [{ players: [1, 2], score_a: 0.7 }, 'score_a: is to be 1, 0.5 or 0'],
  [{ players: [1, 2, 3], score_a: 1 }, 'score_a: is for two teams'],
  [{ a: 1, score_a: 1 }, 'b: is missing; a game needs at least two teams'],
  [{ players: [1, 2], k: 3 }, 'k: is neither part of a game nor a parameter of glicko2'],
  [{ system: 'elo', players: [1, 2], k: -3 }, 'k: must be >= 0'],
  [{ players: [1, 2], parameters: [] }, 'parameters: is to be an object'],
  [{ players: [1, 2], at: false }, 'at: false is no time'],
  [{ system: 'elo', player: 1, period: [] }, 'period: elo has none'],
  [{ period: [] }, 'player: is missing'],
  [{ player: 1 }, 'period: is to be a list'],
  [{ player: 1, period: [], ranks: [1] }, 'ranks: cannot be given together with a period'],
  [{ player: 1, period: [2] }, 'period[0]: is to be {rating, rd, score}'],
  [{ player: 1, period: [{ rating: 2, score: 2 }] }, 'period[0].score: is to be 1, 0.5 or 0'],
  [{ player: 1e12, period: [{ rating: 2, score: 1 }] }, 'is no rating'],
])('%j is refused', (game, reason) => {
  expect(() => rate(game)).toThrow(BadInput)
  expect(() => rate(game)).toThrow(reason)
})

test('what is no JSON is refused, and so is a game that contradicts --system', () => {
  expect(() => askedOf('{', { parameters: {} })).toThrow(/is not JSON/)
  expect(() => askedOf('{"system":"elo"}', { system: 'glicko2', parameters: {} })).toThrow(
    'the game says elo, --system says glicko2',
  )
  expect(askedOf('{"players":[1,2]}', { system: 'elo', parameters: { k: 10 } }).options).toMatchObject({
    system: 'elo',
    k: 10,
  })
})
