import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createClient, SearchEnded } from '@muster/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { eventually } from './support/eventually.ts'
import {
  findTogether,
  knock,
  newPlayer,
  type Player,
  passwordOf,
  playerOn,
  playOut,
} from './support/journey-players.ts'
import {
  duelServer,
  freePort,
  type Home,
  type MusterProcess,
  musterHome,
  outputOf,
  processesOf,
} from './support/muster-process.ts'

const acceptTimeoutS = 3
const ttlS = 3
const queue = { teams: 2, teamSize: 1, board: 'duel', acceptTimeoutS, window: { initial: 5_000, perSecond: 0 } }
const config = {
  modes: {
    duel: {
      server: { launch: { command: [process.execPath, duelServer], ports: [42_000, 42_099], processesMax: 8 } },
      loadingTimeoutS: 20,
    },
    'duel-own': { server: { registered: true }, loadingTimeoutS: 20 },
  },
  boards: { duel: { rating: { system: 'glicko2' } } },
  queues: { duel: { ...queue, mode: 'duel' }, own: { ...queue, mode: 'duel-own' } },
  fleet: { heartbeatIntervalS: 1, launchBeatS: 1, ttlS },
}

/** The game server process of a session: it knows the session by its environment. */
async function serverOf(session: string): Promise<number> {
  const [found, ...more] = await processesOf(`MUSTER_SESSION_ID=${session}`)
  expect(more).toEqual([])
  if (found === undefined) throw new Error(`No process runs ${session}.`)
  return found.pid
}

const ratingOf = async ({ client, id }: Player) => (await client.player(id)).ratings[0]

/** The journey of the seed's C0 to C3 and S0 to S2, on real processes; each part goes on from the one before. */
describe('the journey', () => {
  let home: Home
  let muster: MusterProcess
  let ann: Player
  let bob: Player
  let cid: Player

  beforeAll(async () => {
    home = await musterHome(config)
    muster = await home.start()
  })
  afterAll(async () => {
    for (const player of [ann, bob, cid]) player?.gateway.close()
    await home[Symbol.asyncDispose]()
  })

  it('begins on an empty folder: ready, described, with a first operator', async () => {
    const read = async (path: string) =>
      (await (await fetch(new URL(path, muster.url))).json()) as { paths: Record<string, unknown> }
    expect(await read('/readyz')).toMatchObject({ status: 'ready', database: 'ok' })
    expect(Object.keys((await read('/openapi.json')).paths)).toContain('/matchmaking/entries')
    const [, password = ''] = await muster.output.until(/"username":"operator","password":"([^"]+)"/)
    const operator = createClient({ url: muster.url })
    await operator.login({ username: 'operator', password })
    expect((await operator.me()).username).toBe('operator')
  })

  it('C0 → C1: strangers register, and search', async () => {
    ;[ann, bob, cid] = await Promise.all([
      newPlayer(muster.url, 'ann'),
      newPlayer(muster.url, 'bob'),
      newPlayer(muster.url, 'cid'),
    ])
    const entry = await ann.client.join({ queues: ['duel'] })
    expect(entry.status).toBe('searching')
    const waiting = await ann.client.entry()
    expect(waiting.why).toMatchObject([{ queue: 'duel', detail: expect.any(String) }])
    await expect(ann.client.join({ queues: ['duel'] })).rejects.toMatchObject({ code: 'ALREADY_SEARCHING' })
    await eventually('the queue counts her', async () =>
      (await ann.client.queues()).some(({ name, players_waiting }) => name === 'duel' && players_waiting === 1),
    )
    await ann.client.leave()
    await expect(ann.client.followMatch()).rejects.toBeInstanceOf(SearchEnded)
  })

  it('C1 → C2 → C3 → C0: found, accepted, let in, loaded, started, played, rated', async () => {
    const [forAnn, forBob] = await findTogether([ann, bob])
    if (forAnn === undefined || forBob === undefined) throw new Error('Both found a match.')
    const { match } = forAnn
    expect(forBob.match).toEqual(match)
    expect(match.factions.flat().sort()).toEqual([ann.id, bob.id].sort())
    expect(match.nicknames).toEqual({ [ann.id]: 'ann', [bob.id]: 'bob' })
    expect(await ann.pushed('match_found')).toMatchObject({ match_id: match.match_id, players: 2 })
    expect((await bob.pushed('match_confirmed')).match.session_id).toBe(match.session_id)
    expect(await ann.client.session(match.session_id)).toMatchObject({ state: 'loading', kind: 'match' })
    await expect(ann.client.join({ queues: ['duel'] })).rejects.toMatchObject({ code: 'ALREADY_PLAYING' })
    await expect(cid.client.session(match.session_id)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })

    const [header, claims] = forAnn.ticket.split('.')
    expect(await knock(match.address, `${header}.${claims}.${'A'.repeat(43)}`)).toEqual({
      type: 'refused',
      reason: 'forged',
    })
    expect(await knock(match.address, forAnn.ticket)).toEqual({ type: 'authenticated', nick: 'ann' })
    expect(await knock(match.address, forAnn.ticket)).toEqual({ type: 'refused', reason: 'spent' })
    const again = await ann.client.ticket(match.session_id)

    const starting = eventually('it is in progress', async () => {
      const { state, players } = await bob.client.session(match.session_id)
      return state === 'in_progress' && players.every((one) => one.state === 'joined')
    })
    const [won, lost] = await Promise.all([
      playOut(ann, { ...forAnn, ticket: again.ticket }, { skill: 1, thinkMs: 120 }),
      playOut(bob, forBob, { skill: 0, thinkMs: 120 }),
      starting,
    ])
    expect([won.you, won.them]).toEqual([lost.them, lost.you])

    expect(await ann.client.session(match.session_id)).toMatchObject({ state: 'completed', reason: null })
    expect(await ann.pushed('match_completed')).toMatchObject({ session_id: match.session_id, state: 'completed' })
    const { results } = await ann.client.results({ session: match.session_id })
    expect(results).toHaveLength(1)
    const scores = Object.fromEntries(results[0]?.teams.map(({ players, score }) => [players[0], score]) ?? [])
    expect(scores).toEqual({ [ann.id]: won.you, [bob.id]: won.them })
    const board = await cid.client.leaderboard('duel')
    expect(board.rows.map(({ player_id, games }) => [player_id, games])).toEqual(
      expect.arrayContaining([
        [ann.id, 1],
        [bob.id, 1],
      ]),
    )
    const [first, second] = [await ratingOf(ann), await ratingOf(bob)]
    expect((first?.rating ?? 0) + (second?.rating ?? 0)).toBeCloseTo(3_000, 5)
    await eventually('the game server has ended', async () => (await processesOf(`=${match.session_id}`)).length === 0)
  })

  it('lets nobody wait for who declines, or says nothing', async () => {
    const declining = findTogether([bob], 'duel', { bob: 'decline' })
    const searching = ann.client.findMatch({ queues: ['duel'] })
    await expect(declining).rejects.toMatchObject({ reason: 'declined' })
    const back = await eventually('ann is back', async () => {
      const entry = await ann.client.entry()
      return entry.status === 'searching' && entry
    })
    expect(back).toMatchObject({ reason: 'declined', waiting_since: back.created_at })

    const silent = findTogether([cid], 'duel', { cid: 'silent' })
    await expect(silent).rejects.toMatchObject({ reason: 'no_answer' })
    await eventually('ann is back again', async () => (await ann.client.entry()).status === 'searching')

    const [[forBob], forAnn] = await Promise.all([findTogether([bob]), searching])
    if (forBob === undefined) throw new Error('Bob found a match.')
    expect(forBob.match.match_id).toBe(forAnn.match.match_id)
    await Promise.all([playOut(ann, forAnn, { skill: 1 }), playOut(bob, forBob, { skill: 0 })])
    expect((await ann.client.session(forAnn.match.session_id)).state).toBe('completed')
  })

  it('abandons a session whose game server is killed, frees its players, and moves no rating', async () => {
    const before = [await ratingOf(ann), await ratingOf(bob)]
    const [forAnn, forBob] = await findTogether([ann, bob])
    if (forAnn === undefined || forBob === undefined) throw new Error('Both found a match.')
    const plays = Promise.allSettled([
      playOut(ann, forAnn, { skill: 0.5, thinkMs: 400 }),
      playOut(bob, forBob, { skill: 0.5, thinkMs: 400 }),
    ])
    const { session_id: session } = forAnn.match
    await eventually('it is in progress', async () => (await ann.client.session(session)).state === 'in_progress')
    process.kill(await serverOf(session), 'SIGKILL')
    const ended = await eventually(
      'it is abandoned',
      async () => {
        const seen = await ann.client.session(session)
        return seen.state === 'abandoned' && seen
      },
      (ttlS + 2) * 1_000,
    )
    expect(ended.reason).toBe('server_lost')
    for (const play of await plays) expect(play.status).toBe('rejected')
    expect([await ratingOf(ann), await ratingOf(bob)]).toEqual(before)
    await ann.client.join({ queues: ['duel'] })
    await ann.client.leave()
  })

  it('goes on when Muster is killed: the match is played, its result counts, a logout stays', async () => {
    const guest = createClient({ url: muster.url })
    const guestTokens = await guest.guest('rook')
    await guest.logout()
    const before = await ratingOf(ann)
    const seen = ann.pushes.length
    const [forAnn, forBob] = await findTogether([ann, bob])
    if (forAnn === undefined || forBob === undefined) throw new Error('Both found a match.')
    const { session_id: session } = forAnn.match
    const plays = Promise.all([
      playOut(ann, forAnn, { skill: 1, thinkMs: 500 }),
      playOut(bob, forBob, { skill: 0.4, thinkMs: 500 }),
    ])
    await eventually('it is in progress', async () => (await ann.client.session(session)).state === 'in_progress')
    const server = await serverOf(session)
    await muster.end('SIGKILL')
    muster = await home.start()
    expect(muster.output.text()).not.toMatch(/password/)

    const [outcome] = await plays
    expect(await serverOf(session).catch(() => server)).toBe(server)
    const ended = await eventually('it is completed', async () => {
      const news = await ann.client.session(session)
      return news.state !== 'in_progress' && news
    })
    expect(ended.state).toBe('completed')
    const after = await ratingOf(ann)
    expect(after?.games).toBe((before?.games ?? 0) + 1)
    expect(after?.[outcome.outcome]).toBe((before?.[outcome.outcome] ?? 0) + 1)

    const pushesOf = () => ann.pushes.slice(seen).map(({ event }) => event)
    await eventually('the gateway has caught up', async () => pushesOf().includes('match_completed'))
    expect(pushesOf()).toEqual(['match_found', 'match_confirmed', 'match_completed'])
    const stale = createClient({ url: muster.url, tokens: guestTokens })
    await expect(stale.me()).rejects.toMatchObject({ status: 401 })
    await eventually('the game server has ended', async () => (await processesOf(`=${session}`)).length === 0)
  })

  it('plays on a server that registered itself, and drops it when it falls silent', async () => {
    const made = await home.run('keys', 'create', '--name', 'duels', '--scope', 'server')
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^muster_sk_\w+\n$/) })
    const port = await freePort()
    const own = spawn(process.execPath, [duelServer], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { MUSTER_URL: muster.url, MUSTER_API_KEY: made.stdout.trim(), PORT: String(port), MODES: 'duel-own' },
    })
    try {
      await outputOf(own).until(/takes duels on/)
      const [forAnn, forBob] = await findTogether([ann, bob], 'own')
      if (forAnn === undefined || forBob === undefined) throw new Error('Both found a match.')
      expect(forAnn.match.port).toBe(port)
      await Promise.all([playOut(ann, forAnn, { skill: 1 }), playOut(bob, forBob, { skill: 0.2 })])
      expect((await ann.client.session(forAnn.match.session_id)).state).toBe('completed')

      const [lostAnn, lostBob] = await findTogether([ann, bob], 'own')
      if (lostAnn === undefined || lostBob === undefined) throw new Error('Both found a match.')
      const plays = Promise.allSettled([
        playOut(ann, lostAnn, { skill: 0.5, thinkMs: 400 }),
        playOut(bob, lostBob, { skill: 0.5, thinkMs: 400 }),
      ])
      const { session_id: session } = lostAnn.match
      await eventually('it is in progress', async () => (await ann.client.session(session)).state === 'in_progress')
      own.kill('SIGKILL')
      await eventually(
        'it is abandoned',
        async () => (await ann.client.session(session)).state === 'abandoned',
        (ttlS + 4) * 1_000,
      )
      await plays
    } finally {
      if (own.exitCode === null && own.signalCode === null) {
        own.kill('SIGKILL')
        await once(own, 'exit')
      }
    }
  })

  it('stops in good order, and knows everything when it starts again', async () => {
    const { rows } = await ann.client.leaderboard('duel')
    const { results } = await ann.client.results({ player: ann.id })
    expect(await muster.end('SIGTERM')).toBe(0)
    expect(await processesOf(home.folder)).toEqual([])

    muster = await home.start()
    const back = createClient({ url: muster.url, WebSocket })
    await back.login({ username: 'ann', password: passwordOf('ann') })
    expect(back.userId).toBe(ann.id)
    expect((await back.leaderboard('duel')).rows).toEqual(rows)
    expect((await back.results({ player: ann.id })).results).toEqual(results)
    const line = playerOn(back, 'ann')
    await new Promise<void>((resolve) => line.gateway.on('welcome', () => resolve()))
    line.gateway.close()
  })

  it('leaves no process behind', async () => {
    expect(await muster.end('SIGTERM')).toBe(0)
    expect(await processesOf(home.folder, home.url)).toEqual([])
  })
})
