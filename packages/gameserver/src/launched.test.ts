import { describe, expect, it } from 'vitest'
import { problem, stubMuster } from '../../../test/support/stub-muster.ts'
import { server, session, ticketFor, ticketKey } from '../test/tickets.ts'
import { launched } from './launched.ts'

const environmentFor = (url: string): Record<string, string | undefined> => ({
  MUSTER_CONTRACT: '1',
  MUSTER_API_URL: url,
  MUSTER_SERVER_ID: server,
  MUSTER_SESSION_ID: session,
  MUSTER_REPORT_TOKEN: 'muster_rt_1_secret',
  MUSTER_PORT: '41000',
  MUSTER_BIND_HOST: '127.0.0.1',
  MUSTER_PUBLIC_ADDRESS: 'play.example.com:41000',
  MUSTER_MAX_PLAYERS: '2',
  MUSTER_MATCH: JSON.stringify({ mode: 'duel', factions: [['player_ann'], ['player_bob']], nicknames: {} }),
  MUSTER_TICKET_KEY: ticketKey,
})

describe('a launched server', () => {
  it('is none where it was started by hand', () => {
    expect(launched({ PATH: '/bin' })).toBeNull()
  })

  it('reads what it is to run from its environment', () => {
    const launch = launched(environmentFor('http://127.0.0.1:1'))
    expect(launch).toMatchObject({ server, host: '127.0.0.1', port: 41_000, publicAddress: 'play.example.com:41000' })
    expect(launch?.session).toMatchObject({ id: session, mode: 'duel', maxPlayers: 2, players: [] })
    expect(launch?.session.match.factions).toEqual([['player_ann'], ['player_bob']])
  })

  it.each([
    ['MUSTER_CONTRACT', '2', /contract 1, not 2/],
    ['MUSTER_API_URL', undefined, /MUSTER_API_URL is missing/],
    ['MUSTER_REPORT_TOKEN', '', /MUSTER_REPORT_TOKEN is missing/],
    ['MUSTER_MATCH', undefined, /MUSTER_MATCH is missing/],
    ['MUSTER_MATCH', '{"mode":', /MUSTER_MATCH is not a JSON object/],
    ['MUSTER_MATCH', 'null', /MUSTER_MATCH is not a JSON object/],
    ['MUSTER_PORT', 'game', /MUSTER_PORT must be a whole number from 1 to 65535, but is game/],
    ['MUSTER_PORT', '70000', /MUSTER_PORT must be/],
    ['MUSTER_MAX_PLAYERS', '0', /MUSTER_MAX_PLAYERS must be/],
    ['MUSTER_TICKET_KEY', 'hunter2', /MUSTER_TICKET_KEY must have 64 hex digits/],
  ])('names %s where it is %s', (name, value, complaint) => {
    const start = () => launched({ ...environmentFor('http://127.0.0.1:1'), [name]: value })
    expect(start).toThrow(complaint)
  })

  it('shows no secret in what it complains of', () => {
    expect(() => launched({ ...environmentFor('x'), MUSTER_TICKET_KEY: 'hunter2' })).not.toThrow(/hunter2/)
  })

  it('reports readiness, who comes, the start and the result, in this order', async () => {
    await using muster = await stubMuster(() => ({ body: { state: 'loading' } }))
    const { session: play } = launched(environmentFor(muster.url)) ?? {}
    if (play === undefined) throw new Error('It was launched.')
    await play.ready()
    expect(play.admit(ticketFor('ann'))).toMatchObject({ ok: true, admitted: { player: 'player_ann', team: 0 } })
    expect(play.admit(ticketFor('bob', { team: 1 })).ok).toBe(true)
    expect(play.admit(ticketFor('eve', { key: 'f'.repeat(64) }))).toEqual({ ok: false, reason: 'forged' })
    expect(play.players).toEqual(['player_ann', 'player_bob'])
    await play.started({ map: 'pit' })
    play.left('player_ann')
    expect(play.players).toEqual(['player_bob'])
    const teams = [
      { players: ['player_ann' as const], rank: 2 },
      { players: ['player_bob' as const], rank: 1 },
    ]
    await play.result({ teams })
    play.left('player_bob')
    const at = `/sessions/${session}`
    expect(muster.heard.map(({ path, body }) => [path, body])).toEqual([
      [`${at}/ready`, {}],
      [`${at}/players`, { joined: ['player_ann', 'player_bob'], left: [], seq: expect.any(Number) }],
      [`${at}/started`, { settings: { map: 'pit' } }],
      [`${at}/players`, { joined: [], left: ['player_ann'], seq: expect.any(Number) }],
      [`${at}/result`, { teams }],
    ])
    expect(new Set(muster.heard.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer muster_rt_1_secret']),
    )
  })

  it('repeats a report while Muster is away, and throws what is refused for good', async () => {
    await using muster = await stubMuster(({ path }, count) =>
      path.endsWith('/abandoned') ? problem(409, 'SESSION_ENDED') : count < 3 ? { hangUp: true } : { body: {} },
    )
    const play = launched(environmentFor(muster.url))?.session
    await play?.ready(41_001)
    expect(muster.heard.map(({ body }) => body)).toEqual([{ port: 41_001 }, { port: 41_001 }, { port: 41_001 }])
    await expect(play?.abandoned('nobody came')).rejects.toMatchObject({ code: 'SESSION_ENDED' })
  })

  it('judges tickets by Muster’s time when its own clock is minutes off', async () => {
    const musterNow = Date.now() + 240_000
    await using muster = await stubMuster(() => ({ headers: { date: new Date(musterNow).toUTCString() } }))
    const play = launched(environmentFor(muster.url))?.session
    const musterS = Math.floor(musterNow / 1_000)
    await play?.ready()
    expect(play?.admit(ticketFor('ann', { iat: musterS - 120, exp: musterS - 60 }))).toMatchObject({
      reason: 'expired',
    })
    expect(play?.admit(ticketFor('ann', { iat: musterS, exp: musterS + 60 })).ok).toBe(true)
  })
})
