import type { SessionResult } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { checkResult, isSameResult, type RefereedSession } from './domain.ts'

const session: RefereedSession = {
  amongFriends: false,
  id: 'session_1',
  mode: 'duel',
  board: 'duel',
  seats: [
    { player: 'player_a', team: 0, came: true, erased: false },
    { player: 'player_b', team: 0, came: true, erased: false },
    { player: 'player_c', team: 1, came: true, erased: false },
    { player: 'player_d', team: 1, came: false, erased: false },
  ],
}
const good: SessionResult = {
  teams: [
    { players: ['player_a', 'player_b'], rank: 1 },
    { players: ['player_c', 'player_d'], rank: 2 },
  ],
}

describe('a result', () => {
  it('passes where it names the session as it was, with or without who never came', () => {
    expect(() => checkResult(good, session)).not.toThrow()
    expect(() =>
      checkResult(
        {
          teams: [
            { players: ['player_a', 'player_b'], rank: 1 },
            { players: ['player_c'], rank: 1 },
          ],
        },
        session,
      ),
    ).not.toThrow()
  })

  it('is of nothing where nobody came', () => {
    const seats = session.seats.map((seat) => ({ ...seat, came: false }))
    expect(() => checkResult(good, { ...session, seats })).toThrow(/nobody came/)
  })

  it.each<[string, SessionResult, RegExp]>([
    ['leaves out who came', { teams: [{ players: ['player_a', 'player_b'], rank: 1 }] }, /leaves out player_c/],
    [
      'names a stranger',
      { teams: [...good.teams, { players: ['player_x'], rank: 3 }] },
      /teams\.2.*not of this session/,
    ],
    ['names one twice', { teams: [...good.teams, { players: ['player_a'], rank: 3 }] }, /second time/],
    [
      'mixes teams',
      {
        teams: [
          { players: ['player_a', 'player_c'], rank: 1 },
          { players: ['player_b'], rank: 2 },
        ],
      },
      /different teams/,
    ],
    [
      'splits a team',
      {
        teams: [
          { players: ['player_a'], rank: 1 },
          { players: ['player_b'], rank: 2 },
          { players: ['player_c'], rank: 3 },
        ],
      },
      /splits/,
    ],
    [
      'leaves a rank out',
      { teams: good.teams.map((team) => ({ ...team, rank: team.rank * 2 - 1 })) },
      /rank.*to nobody/,
    ],
    ['has nobody first', { teams: good.teams.map((team) => ({ ...team, rank: team.rank + 1 })) }, /rank 1/],
    ['counts for who is not in it', { ...good, stats: { player_x: { hits: 1 } } }, /player_x/],
  ])('is refused where it %s', (_, result, words) => {
    expect(() => checkResult(result, session)).toThrow(words)
  })

  it('is the same whatever the order of its words', () => {
    const turned: SessionResult = {
      teams: [
        { rank: 2, players: ['player_d', 'player_c'] },
        { rank: 1, players: ['player_b', 'player_a'] },
      ],
    }
    expect(isSameResult(good, turned)).toBe(true)
    expect(isSameResult(good, { ...good, duration_s: 3 })).toBe(false)
    expect(isSameResult(good, { teams: good.teams.map((team) => ({ ...team, rank: 3 - team.rank })) })).toBe(false)
  })
})

describe('a result among friends', () => {
  const friends = { ...session, amongFriends: true }
  const [first, second] = session.seats as [(typeof session.seats)[0], (typeof session.seats)[0]]

  it('may leave out who came and left before it began, and put anybody on any side', () => {
    const alone = { teams: [{ players: [first.player], rank: 1 }] }
    expect(() => checkResult(alone, friends)).not.toThrow()
    expect(() => checkResult(alone, session)).toThrow(/leaves out/)
    const seats = session.seats.map((seat) => ({ ...seat, team: 0 }))
    const apart = {
      teams: [
        { players: [first.player], rank: 1 },
        { players: [second.player], rank: 2 },
      ],
    }
    expect(() => checkResult(apart, { ...friends, seats })).not.toThrow()
    expect(() => checkResult(apart, { ...session, seats })).toThrow(/splits a team/)
  })

  it('names nobody who is not of it, and nobody twice', () => {
    const stranger = { teams: [{ players: ['player_stranger' as const], rank: 1 }] }
    expect(() => checkResult(stranger, friends)).toThrow(/not of this session/)
    const twice = { teams: [1, 2].map((rank) => ({ players: [first.player], rank })) }
    expect(() => checkResult(twice, friends)).toThrow(/a second time/)
  })
})
