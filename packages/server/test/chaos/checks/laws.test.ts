import { describe, expect, it } from 'vitest'
import type { Happening, News } from '../world/history.ts'
import { checkHistory } from './laws.ts'
import type { FinalTables } from './tables.ts'

const tables = (): FinalTables => ({
  players: new Set(['player_a', 'player_b']),
  usernames: new Set(['ann']),
  entries: new Map([
    ['entry_1', { state: 'closed', reason: 'completed' }],
    ['entry_2', { state: 'searching', reason: null }],
  ]),
  matches: new Map([['match_1', { session: 'session_1', state: 'completed' }]]),
  sessions: new Map([
    ['session_1', { state: 'completed', requestedAt: 10_000, endedAt: 20_000 }],
    ['session_2', { state: 'abandoned', requestedAt: 20_001, endedAt: 30_000 }],
  ]),
  seats: [
    { session: 'session_1', player: 'player_a', gaveUpAt: null },
    { session: 'session_2', player: 'player_a', gaveUpAt: null },
  ],
  winners: new Map([['session_1', 'player_a']]),
})

const good: News[] = [
  { what: 'account', player: 'player_a', username: 'ann' },
  { what: 'joined', player: 'player_a', entry: 'entry_1' },
  { what: 'left', player: 'player_a', entry: 'entry_1' },
  { what: 'confirmed', player: 'player_a', match: 'match_1', session: 'session_1', how: 'poll' },
  { what: 'confirmed', player: 'player_b', match: 'match_1', session: 'session_1', how: 'push' },
  { what: 'admitted', player: 'player_a', session: 'session_1', jti: 'one', run: 'arena-1 7' },
  { what: 'acknowledged', session: 'session_1', winner: 'player_a' },
  { what: 'ended', player: 'player_a', session: 'session_1', state: 'completed' },
  { what: 'came_back', player: '', status: 401 },
]

function violations(news: readonly News[], kept = tables()): string[] {
  const found: string[] = []
  const history = news.map((one, at) => ({ at, who: 'test', ...one }) as Happening)
  checkHistory(history, kept, (law, what) => found.push(`[${law}] ${what}`))
  return found
}

const planted: [string, News, RegExp][] = [
  ['an account that is lost', { what: 'account', player: 'player_c', username: null }, /^\[12\] player_c was told/],
  ['a name that is lost', { what: 'account', player: 'player_a', username: 'bob' }, /^\[12\] the account bob/],
  [
    'an entry that is lost',
    { what: 'joined', player: 'player_a', entry: 'entry_9' },
    /^\[12\] player_a was told of entry_9/,
  ],
  [
    'an entry that was left and searches',
    { what: 'left', player: 'player_a', entry: 'entry_2' },
    /^\[12\].*is searching/,
  ],
  [
    'two sessions for one match',
    { what: 'confirmed', player: 'player_b', match: 'match_1', session: 'session_2', how: 'poll' },
    /^\[3\] player_b was told session_2 for match_1, others session_1/,
  ],
  [
    'a match that is not kept',
    { what: 'confirmed', player: 'player_b', match: 'match_9', session: 'session_9', how: 'poll' },
    /^\[3\].*whose session is none/,
  ],
  [
    'a ticket that lets in twice',
    { what: 'admitted', player: 'player_a', session: 'session_1', jti: 'one', run: 'arena-1 8' },
    /^\[6\] a ticket of player_a/,
  ],
  ['a result that is lost', { what: 'acknowledged', session: 'session_2', winner: 'player_a' }, /^\[12\] the result/],
  ['a result that was changed', { what: 'acknowledged', session: 'session_1', winner: 'player_b' }, /^\[5\] session_1/],
  [
    'an end that did not last',
    { what: 'ended', player: 'player_a', session: 'session_2', state: 'completed' },
    /^\[13\] player_a saw session_2 completed, and it is abandoned/,
  ],
  ['a login that came back', { what: 'came_back', player: '', status: 200 }, /^\[14\]/],
  [
    'a player who is stuck',
    { what: 'stuck', player: 'player_a', why: 'no match came' },
    /^\[16\] player_a: no match came/,
  ],
]

describe('what was told, held against the tables', () => {
  it('is right where nothing is wrong', () => {
    expect(violations(good)).toEqual([])
  })

  it.each(planted)('names %s', (_, news, complaint) => {
    expect(violations([...good, news])[0]).toMatch(complaint)
  })

  it('names a player who was in two sessions at a time, unless one place was given up before', () => {
    const kept = tables()
    kept.sessions.set('session_2', { state: 'abandoned', requestedAt: 15_000, endedAt: 30_000 })
    expect(violations([], kept)).toEqual([expect.stringMatching(/^\[1\] player_a was in session_1 and in session_2/)])
    kept.seats[0] = { session: 'session_1', player: 'player_a', gaveUpAt: 14_000 }
    expect(violations([], kept)).toEqual([])
  })
})
