import type { Kick } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { type Heard, problem, type Reply, stubMuster } from '../../../test/support/stub-muster.ts'
import { session, ticketFor, ticketKey } from '../test/tickets.ts'
import { type RegisteredServer, type RegisterOptions, register } from './register.ts'
import type { GameSession } from './session.ts'

const enrolled = { id: 'server_1', heartbeat_interval_s: 15, ttl_s: 30, ticket_key: ticketKey }
const assignment = (token = 'muster_rt_1_a', id = session) => ({
  session_id: id,
  report_token: token,
  mode: 'duel',
  max_players: 2,
  match: { factions: [['player_ann'], ['player_bob']] },
})
const calm = { assign: [], kick: [], drain: false }
const isBeat = ({ path }: Heard) => path.endsWith('/heartbeat')

/** Muster as far as a server sees it: beats are answered one after the other as the test says, then calmly. */
async function ground(beats: Reply[], more: Partial<RegisterOptions> = {}) {
  const muster = await stubMuster((heard, count) => {
    if (heard.path === '/servers') return { status: 201, body: { ...enrolled, enrolled: count } }
    if (isBeat(heard)) return beats[count - 1] ?? { body: calm }
    return heard.method === 'DELETE' ? { status: 204 } : { body: { state: 'loading' } }
  })
  const sessions: GameSession[] = []
  const kicks: Kick[] = []
  const errors: unknown[] = []
  const server = await register({
    url: muster.url,
    apiKey: 'muster_sk_1_secret',
    server: { id: 'server_1', name: 'One', address: '127.0.0.1', ports: { game: 41_000 }, capacity: 10 },
    onSession: (play) => void sessions.push(play),
    onKick: (kick) => kicks.push(kick),
    onError: (error) => errors.push(error),
    ...more,
  })
  const beatsHeard = async (count: number) => {
    await muster.until(() => muster.heard.filter(isBeat).length >= count)
    return muster.heard.filter(isBeat)
  }
  return {
    ...{ muster, server, sessions, kicks, errors, beatsHeard },
    async [Symbol.asyncDispose]() {
      await server.leave().catch(() => undefined)
      await muster[Symbol.asyncDispose]()
    },
  }
}

describe('a registered server', () => {
  it('registers with its key, beats, and leaves', async () => {
    await using it = await ground([])
    await it.beatsHeard(2)
    await it.server.leave()
    const [first, beat] = it.muster.heard
    expect(first).toMatchObject({
      path: '/servers',
      authorization: 'Bearer muster_sk_1_secret',
      body: { capacity: 10 },
    })
    expect(beat?.body).toEqual({ current_players: 0, load: 0, sessions: [], wait_s: 15 })
    expect(it.muster.heard.at(-1)).toMatchObject({ method: 'DELETE', path: '/servers/server_1' })
    const count = it.muster.heard.length
    await new Promise((resolve) => setImmediate(resolve))
    expect(it.muster.heard).toHaveLength(count)
  })

  it('is handed a session once, however often it is told, and lets its players in', async () => {
    const told = { body: { ...calm, assign: [assignment()] } }
    await using it = await ground([told, told, told])
    await it.beatsHeard(4)
    expect(it.sessions).toHaveLength(1)
    const [play] = it.sessions as [GameSession]
    expect(play).toMatchObject({ id: session, mode: 'duel', maxPlayers: 2 })
    await play.ready()
    expect(it.muster.heard.find(({ path }) => path.endsWith('/ready'))?.authorization).toBe('Bearer muster_rt_1_a')
    expect(play.admit(ticketFor('ann')).ok).toBe(true)
    expect(it.server.sessions).toEqual([play])
  })

  it('says with each beat who plays, and forgets a session that has ended', async () => {
    await using it = await ground([{ body: { ...calm, assign: [assignment()] } }])
    await it.beatsHeard(2)
    it.sessions[0]?.admit(ticketFor('ann'))
    const seen = { session_id: session, players: ['player_ann'] }
    await it.muster.until((heard) => isBeat(heard) && heard.body?.current_players === 1)
    expect(it.muster.heard.filter(isBeat).at(-1)?.body).toMatchObject({ load: 0.1, sessions: [seen] })
    await it.sessions[0]?.result({ teams: [{ players: ['player_ann'], rank: 1 }] })
    expect(it.server.sessions).toEqual([])
  })

  it('takes the same session again under another report token: it is another handing', async () => {
    await using it = await ground([
      { body: { ...calm, assign: [assignment('muster_rt_1_a')] } },
      { body: { ...calm, assign: [assignment('muster_rt_1_b')] } },
    ])
    await it.beatsHeard(3)
    expect(it.sessions).toHaveLength(2)
  })

  it('gives a session up that it could not prepare', async () => {
    await using it = await ground([{ body: { ...calm, assign: [assignment()] } }], {
      onSession: () => Promise.reject(new Error('no map')),
    })
    const given = await it.muster.until(({ path }) => path.endsWith('/abandoned'))
    expect(given.body).toEqual({ reason: 'The server could not prepare the session.' })
    expect(it.errors).toMatchObject([{ message: 'no map' }])
  })

  it('is told whom to kick, and that it is to drain, once', async () => {
    let drains = 0
    const player = { session_id: session, player_id: 'player_ann', reason: 'banned' }
    const whole = { session_id: session, reason: 'overtime' }
    await using it = await ground(
      [
        { body: { ...calm, assign: [assignment()] } },
        { body: { ...calm, kick: [player] } },
        { body: { ...calm, kick: [whole], drain: true } },
        { body: { ...calm, drain: true } },
      ],
      { onDrain: () => void drains++ },
    )
    await it.beatsHeard(5)
    expect(it.kicks).toEqual([player, whole])
    expect(drains).toBe(1)
    expect(it.server.sessions).toEqual([])
  })

  it('is not told to drop a session that ended by its own word', async () => {
    const late = { session_id: session, player_id: 'player_ann', reason: 'left' }
    await using it = await ground([
      { body: { ...calm, assign: [assignment()] } },
      { body: { ...calm, kick: [{ session_id: session, reason: 'completed' }] } },
      { body: { ...calm, kick: [late, { session_id: session, reason: 'completed' }] } },
    ])
    await it.beatsHeard(4)
    expect([it.kicks, it.server.sessions]).toEqual([[], []])
  })

  it('is told of modes that Muster does not know', async () => {
    await using muster = await stubMuster(({ path, method }) => {
      if (path === '/servers') return { status: 201, body: { ...enrolled, unknown_modes: ['raid'] } }
      return method === 'DELETE' ? { status: 204 } : { body: calm }
    })
    const errors: unknown[] = []
    const server = await register({
      ...{ url: muster.url, apiKey: 'muster_sk_1_secret', onSession: () => undefined },
      server: { id: 's', name: 'S', address: '127.0.0.1', ports: { game: 1 }, capacity: 1, modes: ['raid'] },
      onError: (error) => errors.push(error),
    })
    await server.leave()
    expect(errors).toMatchObject([{ message: expect.stringContaining('raid') }])
  })

  it('registers again when Muster has forgotten it, and lets go of what it ran', async () => {
    await using it = await ground([{ body: { ...calm, assign: [assignment()] } }, problem(404, 'SERVER_NOT_FOUND')])
    await it.beatsHeard(3)
    expect(it.muster.heard.filter(({ path }) => path === '/servers')).toHaveLength(2)
    expect(it.kicks).toEqual([{ session_id: session, reason: 'server_lost' }])
    expect(it.errors).toEqual([])
  })

  it('beats on after a failure, and says so', async () => {
    await using it = await ground([problem(401, 'UNAUTHENTICATED')])
    await it.beatsHeard(2)
    expect(it.errors).toMatchObject([{ code: 'UNAUTHENTICATED' }])
  })

  it('takes it as left when Muster has forgotten it meanwhile', async () => {
    await using muster = await stubMuster(({ path, method }) => {
      if (path === '/servers') return { status: 201, body: enrolled }
      return method === 'DELETE' ? problem(404, 'SERVER_NOT_FOUND') : { body: calm }
    })
    const server: RegisteredServer = await register({
      url: muster.url,
      apiKey: 'key',
      server: { id: 'a b', name: 'One', address: '127.0.0.1', ports: { game: 1 }, capacity: 1 },
      onSession: () => undefined,
    })
    await server.leave()
    expect(muster.heard.at(-1)?.path).toBe('/servers/a%20b')
  })

  it('is refused at once where its key is not good', async () => {
    await using muster = await stubMuster(() => problem(403, 'FORBIDDEN'))
    const refused = register({
      url: muster.url,
      apiKey: 'key',
      server: { id: 'one', name: 'One', address: '127.0.0.1', ports: { game: 1 }, capacity: 1 },
      onSession: () => undefined,
    })
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })
})
