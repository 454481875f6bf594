import { describe, expect, it } from 'vitest'
import type { Brief } from '../../sessions/index.ts'
import { matchConfigOf, matchIdOf, prepareMatchOf } from './match-config.ts'

const brief: Brief = {
  ...{ match_id: 'match_1', session_id: 'session_1', kind: 'match', mode: 'arena', region: 'eu', transport: 'udp' },
  factions: [['player_a', 'player_b'], ['player_c']],
  nicknames: { player_a: 'ann', player_b: 'bob', player_c: 'rook#4821' },
  ...{ players_min: 3, loading_timeout_s: 60, duration_max_s: 600 },
}
const lists = {
  factions: ['0', '0', '1'],
  nicknames: ['ann', 'bob', 'rook#4821'],
  players: ['player_a', 'player_b', 'player_c'],
}

describe('a match by the document', () => {
  it('lists faction, nickname and id of each player in one order', () => {
    const match = { ...brief, match_id: 'match_1', address: '10.0.0.1:7000', host: '10.0.0.1', port: 7_000 } as const
    expect(matchConfigOf(match, 'secret')).toEqual({
      ...{ type: 'MatchConfig', address: '10.0.0.1:7000', matchId: 'match_1', sessionId: 'session_1' },
      ...{ mode: 'arena', region: 'eu', transport: 'udp', ticket: 'secret', ...lists },
    })
  })

  it('is told to its server with the ticket of each player, in the same order', () => {
    const served = { server: 'offer-1', address: '10.0.0.1:7000', reportToken: 'rt', ticketKey: 'ab' }
    const order = prepareMatchOf('session_1', brief, { ...served, ticketOf: (player) => `for ${player}` })
    expect(order.matchConfig).toMatchObject({
      ...lists,
      address: '10.0.0.1:7000',
      serverId: 'offer-1',
      loadingTimeoutS: 60,
    })
    expect(order.matchConfig).not.toHaveProperty('ticket')
    expect(order.clientCookies).toEqual([
      { ticket: 'for player_a', playerId: 'player_a', nickname: 'ann', faction: '0' },
      { ticket: 'for player_b', playerId: 'player_b', nickname: 'bob', faction: '0' },
      { ticket: 'for player_c', playerId: 'player_c', nickname: 'rook#4821', faction: '1' },
    ])
  })

  it('goes by the session where no queue led to it', () => {
    expect(matchIdOf({ match_id: null, session_id: 'session_7' })).toBe('match_7')
  })
})
