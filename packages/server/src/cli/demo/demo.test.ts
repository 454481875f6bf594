import { PassThrough } from 'node:stream'
import type { MusterClient } from '@muster/client'
import { describe, expect, it } from 'vitest'
import type { PlayedDuel, Standing } from './bot.ts'
import { type Outcome, shortcomings } from './checks.ts'
import { botsMax, botsMin, mannerOf, rosterOf } from './roster.ts'
import { createScreen } from './screen.ts'
import { agreement, agreementText, type FinishedBot, standingsTable } from './standings.ts'
import { createTale } from './tale.ts'

/** Who is above a newcomer's rating has won, who is below has lost. */
const standing = (rating: number, games: number): Standing => ({
  ...{ rating, games, drawn: 0 },
  ...(rating >= 1_500 ? { won: games, lost: 0 } : { won: 0, lost: games }),
})
const duel = (session: string, opponent: string, you: number, them: number, after: number): PlayedDuel => ({
  ...{ round: 1, match: `match ${session}`, session, address: '127.0.0.1:41000', opponent, you, them },
  ...{ outcome: you > them ? 'won' : you < them ? 'lost' : 'drawn', ratingBefore: 1_500, ratingAfter: after },
})
const bot = (nick: string, skill: number, played: PlayedDuel[], after: Standing | null): FinishedBot => ({
  ...{ nick, skill, client: {} as MusterClient, player: `player_${nick}`, before: null, played, after },
})
const both = (): FinishedBot[] => [
  bot('Ada', 0.9, [duel('s1', 'Finn', 3, 1, 1_560)], standing(1_560, 1)),
  bot('Finn', 0.1, [duel('s1', 'Ada', 1, 3, 1_440)], standing(1_440, 1)),
]
const whole = (bots = both(), more: Partial<Outcome> = {}): Outcome => ({
  ...{ bots, rounds: 1, declines: 1, silences: 0, board: bots.map(({ player }) => player) },
  counts: { declined: 1, silent: 0, waitedAgain: 1, servers: new Set(['match s1 127.0.0.1:41000']) },
  ...more,
})

describe('the demo’s cast', () => {
  it('is the same each time, with skills of its own', () => {
    expect(rosterOf(8)).toEqual(rosterOf(botsMax).slice(0, 8))
    expect(new Set(rosterOf(botsMax).map(({ nick }) => nick)).size).toBe(botsMax)
    expect(new Set(rosterOf(botsMax).map(({ skill }) => skill)).size).toBe(botsMax)
  })

  it('has one who declines and one who stays silent, in different rounds and others in the next demo', () => {
    for (let bots = botsMin; bots <= botsMax; bots += 2) {
      const wayward = (run: number) => {
        const found: string[] = []
        for (let round = 1; round <= 4; round++) {
          for (let at = 0; at < bots; at++) {
            const manner = mannerOf(at, round, { bots, rounds: 4, run })
            if (manner !== 'accept') found.push(`${manner} in ${round} by ${at}`)
          }
        }
        return found
      }
      expect(wayward(0)).toEqual(['decline in 2 by 0', 'silent in 3 by 1'])
      expect(wayward(1)).toEqual(['decline in 2 by 2', 'silent in 3 by 3'])
    }
    expect(mannerOf(0, 1, { bots: 4, rounds: 2, run: 0 })).toBe('decline')
    expect(mannerOf(1, 2, { bots: 4, rounds: 2, run: 0 })).toBe('silent')
  })
})

describe('the demo finds', () => {
  it('nothing missing where all went well', () => {
    expect(shortcomings(whole())).toEqual([])
  })

  it.each([
    [
      'a duel without a result',
      () => whole([{ ...both()[0]!, played: [], after: null }, both()[1]!]),
      /Ada played 0 of 1/,
    ],
    [
      'a result that is not on the board',
      () => whole([{ ...both()[0]!, after: standing(1_560, 0) }, both()[1]!]),
      /0 more/,
    ],
    [
      'a rating that is not the last result’s',
      () => whole([{ ...both()[0]!, after: standing(1_500, 1) }, both()[1]!]),
      /rated/,
    ],
    [
      'a rating that never moved',
      () =>
        whole([{ ...both()[0]!, played: [duel('s1', 'Finn', 3, 1, 1_500)], after: standing(1_500, 1) }, both()[1]!]),
      /no result moved the rating of Ada/,
    ],
    [
      'players who were told different scores',
      () => whole([{ ...both()[0]!, played: [duel('s1', 'Finn', 3, 2, 1_560)] }, both()[1]!]),
      /told differently/,
    ],
    ['a missing server', () => whole(both(), { counts: { ...whole().counts, servers: new Set() } }), /only 0 servers/],
    ['a decline that never came', () => whole(both(), { declines: 2 }), /1 matches were declined instead of 2/],
    ['a silence that never came', () => whole(both(), { silences: 1 }), /silence instead of 1/],
    ['nobody back in the queue', () => whole(both(), { counts: { ...whole().counts, waitedAgain: 0 } }), /came back/],
    ['a board that lacks somebody', () => whole(both(), { board: ['player_Ada'] }), /lacks Finn/],
  ] satisfies [string, () => Outcome, RegExp][])('%s', (_, outcome, words) => {
    expect(shortcomings(outcome()).join('\n')).toMatch(words)
  })
})

describe('the demo’s table', () => {
  it('ranks by rating, and says how well that agrees with skill', () => {
    const to = new PassThrough()
    expect(standingsTable(both().reverse(), to)).toBe(
      [
        'place  name  skill  before  after  moved  games  won  drawn  lost',
        '    1  Ada    0.90    1500   1560    +60      1    1      0     0',
        '    2  Finn   0.10    1500   1440    −60      1    0      0     1',
        '',
      ].join('\n'),
    )
    const three = [...both(), bot('Greta', 0.5, [], standing(1_400, 1))]
    expect(agreement(three)).toEqual({ agree: 2, pairs: 3 })
    expect(agreementText(three)).toMatch(/^Of 3 pairs of bots the ratings order 2 as their skill does \(67 %/)
    expect(agreement([])).toEqual({ agree: 0, pairs: 0 })
  })
})

function told(isTTY: boolean) {
  let text = ''
  const to = Object.assign(
    new PassThrough().on('data', (data) => {
      text += data
    }),
    { isTTY, columns: 40 },
  )
  let now = 0
  const clock = { now: () => now, after: () => () => undefined }
  const screen = createScreen(to, clock)
  const at = (ms: number) => {
    now = ms
  }
  return { screen, text: () => text, at }
}

describe('the demo’s screen', () => {
  it('tells line by line where nobody watches', () => {
    const { screen, text, at } = told(false)
    at(1_234)
    screen.show('Ada', 'searches')
    screen.tell('Match found.')
    screen.close()
    expect(text()).toBe('  1.2 s  Match found.\n')
  })

  it('keeps what happened, and draws what everybody does anew, in a terminal', async () => {
    const { screen, text } = told(true)
    screen.show('Ada', 'searches')
    screen.show('Finn', 'searches')
    await new Promise((resolve) => setImmediate(resolve))
    screen.tell('Match found.')
    screen.show('Ada', `plays against ${'x'.repeat(60)}`)
    await new Promise((resolve) => setImmediate(resolve))
    screen.close()
    screen.show('Ada', 'is not drawn any more')
    await new Promise((resolve) => setImmediate(resolve))
    const [first, second, last, ...more] = text().split('\u001B[0J').slice(1)
    expect(first).toBe('         Ada      searches\n         Finn     searches\n\u001B[2A')
    expect(second).toMatch(/Match found\.\n {9}Ada {6}plays against x+\n {9}Finn/)
    expect(second?.split('\n').every((line) => line.length < 60)).toBe(true)
    expect([last, more]).toEqual(['', []])
  })
})

describe('the demo’s tale', () => {
  it('tells each thing of a match once, though both players say it', () => {
    const { screen, text } = told(false)
    const tale = createTale(screen)
    const ratings = new Map([
      ['Ada', 1_512.4],
      ['Finn', 1_488],
    ])
    for (const nick of ['Ada', 'Finn']) tale.offered('m1', nick, ratings)
    for (const nick of ['Ada', 'Finn']) tale.accepts('m1', nick)
    for (const _ of ['Ada', 'Finn']) tale.confirmed('m1', '127.0.0.1:41000')
    tale.over('m1', 'Ada', 'Finn', 3, 1)
    tale.over('m1', 'Finn', 'Ada', 1, 3)
    tale.offered('m2', 'Finn', ratings)
    tale.offered('m2', 'Ada', ratings)
    tale.declines('m2', 'Finn')
    tale.waitsAgain('Ada', 'declined')
    const lines = text()
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(9))
    expect(lines).toEqual([
      'Match found: Ada (1512) and Finn (1488).',
      'Ada and Finn accept.',
      'A server of their own on 127.0.0.1:41000: Ada against Finn.',
      'Ada 3 : 1 Finn',
      'Match found: Finn (1488) and Ada (1512).',
      'Finn declines. Ada must wait again.',
      'Ada is back at the front of the queue (declined).',
    ])
    expect(tale.counts).toMatchObject({ declined: 1, silent: 0, waitedAgain: 1 })
    expect(tale.counts.servers.size).toBe(1)
  })
})
