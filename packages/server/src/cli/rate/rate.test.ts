import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { completeRatingOptions } from '../../modules/results/ratings/index.ts'
import { details } from './help.ts'
import { type RateArguments, runRate } from './run.ts'

const halo = fileURLToPath(new URL('../../../../../conformance/data/halo2-1v1.csv', import.meta.url))

function sink() {
  const written: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk))
      done()
    },
  })
  return { stream, text: () => written.join('') }
}

async function muster(given: RateArguments, stdin = '') {
  const [out, err] = [sink(), sink()]
  const code = await runRate(given, { stdin: Readable.from([stdin]), stdout: out.stream, stderr: err.stream })
  return { code, out: out.text(), err: err.text() }
}
const games = (...lines: string[]) => ['at,a,b,score_a', ...lines].join('\n')

describe('a file', () => {
  const twoGames = games('2026-01-01,ann,bob,1', '2026-01-02,ann,cid,0.5')

  test('gives a table, the best first', async () => {
    const { code, out, err } = await muster({ file: '-', system: 'elo' }, twoGames)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(`Elo over standard input: 2 games, 3 players

Predictions made before each game, after the first fifth: 2 games
  accuracy  50.0 % (1 draw left out)
  log-loss  0.6935 (guessing: 0.6931)

rank  name   rating   games     won   drawn    lost
   1  ann      1515       2       1       1       0
   2  cid      1501       1       0       1       0
   3  bob      1484       1       0       0       1
`)
  })

  test('gives JSON', async () => {
    const { out } = await muster(
      { file: '-', system: 'elo', json: true, with: 'k=40,difference_max=500', top: '1' },
      twoGames,
    )
    const { ratings, ...head } = JSON.parse(out)
    expect(head).toMatchObject({
      system: 'elo',
      parameters: { initial: 1500, k: 40, expectation: 'fide', differenceMax: 500 },
      games: 2,
      players: 3,
      predicted: 2,
      predicted_draws: 1,
      accuracy: 0.5,
    })
    expect(head.log_loss_guessing).toBeCloseTo(Math.LN2, 9)
    const [ann] = ratings
    expect(ratings).toHaveLength(1)
    expect(ann).toMatchObject({ rank: 1, name: 'ann', games: 2, won: 1, drawn: 1, lost: 0 })
    expect(ann.rating).toBeCloseTo(1518.8, 9)
    expect([ann.points, ann.standing]).toEqual([ann.rating, ann.rating])
  })

  test('rates teams and fields by every system, in its own words', async () => {
    const lines = [
      {
        teams: [
          ['ann', 'bob'],
          ['cid', 'dee'],
        ],
        ranks: [1, 2],
      },
      { teams: [['ann'], ['bob'], ['cid'], ['dee']], ranks: [1, 1, 3, 4] },
    ]
    const stdin = lines.map((line) => JSON.stringify(line)).join('\n')
    const words = { elo: ['rating'], glicko2: ['rating', 'rd', 'volatility'], openskill: ['mu', 'sigma'] }
    for (const [system, own] of Object.entries(words)) {
      const { ratings } = JSON.parse((await muster({ file: '-', system, json: true }, stdin)).out)
      expect(ratings.map(({ name }: { name: string }) => name)).toEqual(['ann', 'bob', 'cid', 'dee'])
      expect(ratings.map(({ won, drawn, lost }: Record<string, number>) => [won, drawn, lost])).toEqual([
        [1, 1, 0],
        [1, 1, 0],
        [0, 0, 2],
        [0, 0, 2],
      ])
      expect(Object.keys(ratings[0])).toEqual([
        ...['rank', 'name', ...own, 'points', 'standing', 'games', 'won', 'drawn', 'lost'],
      ])
    }
  })

  test('a name cannot write to the terminal what it likes', async () => {
    const { out } = await muster({ file: '-' }, games('2026-01-01,\u001B[31mred,bob,1'))
    expect(out).not.toContain('\u001B')
    expect(out).toContain('?[31mred')
  })

  test.each<[string, RateArguments, string, string]>([
    ['a bad line', { file: '-' }, games('2026-01-01,ann,bob,3'), 'standard input: line 2: score_a'],
    ['an empty file', { file: '-' }, '', 'standard input: there are no results in it'],
    ['a header alone', { file: '-' }, games(), 'standard input: there are no results in it, only a header'],
    ['no file', { file: '/no/such/file' }, '', '/no/such/file: there is no such file'],
    ['a folder', { file: '/' }, '', '/: is a folder, not a file'],
    ['nothing at all', {}, '', 'name a file of results'],
    ['two files', { file: 'a', _: ['a', 'b'] }, '', "'b': only one file can be given"],
    ['a file and a game', { file: 'a', game: '{}' }, '', 'a file and --game: only one'],
    ['an unknown option', { file: '-', sytem: 'elo' } as RateArguments, '', '--sytem: there is no such option'],
    [
      'an unknown system',
      { file: '-', system: 'trueskill' },
      '',
      '--system: "trueskill" is not one of elo, glicko2, openskill',
    ],
    ['a strange top', { file: '-', top: '1.5' }, '', "--top: '1.5' is not a whole number"],
    ['a parameter of another system', { file: '-', system: 'elo', with: 'tau=1' }, '', 'tau: elo has no such option'],
    ['a parameter out of range', { file: '-', system: 'elo', with: 'k=-1' }, '', 'k: must be >= 0'],
    ['a parameter without value', { file: '-', with: 'tau' }, '', "--with: 'tau' is not of the form name=value"],
  ])('%s is refused with code 2 and the reason', async (_, given, stdin, reason) => {
    const { code, out, err } = await muster(given, stdin)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(`muster rate: ${reason}`)
  })
})

describe('6,028 real games', () => {
  const report = async (system: string) => JSON.parse((await muster({ file: halo, system, json: true })).out)

  test('Glicko-2 predicts them better than OpenSkill, OpenSkill better than Elo, Elo better than guessing', async () => {
    const [elo, glicko2, openskill] = [await report('elo'), await report('glicko2'), await report('openskill')]
    expect(elo).toMatchObject({ games: 6028, predicted: 4823 })
    expect(glicko2.log_loss).toBeLessThan(openskill.log_loss)
    expect(openskill.log_loss).toBeLessThan(elo.log_loss)
    expect(elo.log_loss).toBeLessThan(elo.log_loss_guessing)
    expect(glicko2.accuracy).toBeGreaterThan(elo.accuracy)
    // The figures of this very data, so that a change to the mathematics does not pass unseen.
    expect(glicko2.log_loss).toBeCloseTo(0.58544, 4)
    expect(openskill.log_loss).toBeCloseTo(0.59592, 4)
    expect(elo.log_loss).toBeCloseTo(0.62418, 4)
  })
})

test('the help names every parameter with its default', () => {
  const fractions = new Map<unknown, string>(
    [25 / 3, 25 / 6, 1 / 12].map((one, at) => [one, ['25/3', '25/6', '1/12'][at]!]),
  )
  const said = details.slice(details.indexOf('Parameters and their defaults'))
  for (const system of ['elo', 'glicko2', 'openskill'] as const) {
    const { system: _, ...parameters } = completeRatingOptions({ system })
    for (const [name, value] of Object.entries(parameters)) {
      expect(said).toContain(`${name} ${fractions.get(value) ?? value}`)
    }
  }
})
