import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { server, session, ticketFor, ticketKey } from '../../../packages/gameserver/test/tickets.ts'
import { stubMuster } from '../../../test/support/stub-muster.ts'
import { playDuel } from './bot.ts'

const program = fileURLToPath(new URL('../dist/server.js', import.meta.url))

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}

/** The built server, launched as Muster launches it, with a stub to report to. */
async function launchedDuel(match: object = {}) {
  const muster = await stubMuster(() => ({ body: { state: 'loading' } }))
  const port = await freePort()
  const process_ = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      MUSTER_CONTRACT: '1',
      MUSTER_API_URL: muster.url,
      MUSTER_SERVER_ID: server,
      MUSTER_SESSION_ID: session,
      MUSTER_REPORT_TOKEN: 'muster_rt_1_secret',
      MUSTER_PORT: String(port),
      MUSTER_BIND_HOST: '127.0.0.1',
      MUSTER_MAX_PLAYERS: '2',
      MUSTER_TICKET_KEY: ticketKey,
      MUSTER_MATCH: JSON.stringify({
        ...{ mode: 'duel', factions: [['player_ann'], ['player_bob']] },
        ...{ nicknames: { player_ann: 'Ann', player_bob: 'Bob' }, loading_timeout_s: 60, ...match },
      }),
    },
  })
  const exited = once(process_, 'exit') as Promise<[number | null, string | null]>
  return {
    ...{ muster, exited, process: process_, output: outputOf(process_), address: `127.0.0.1:${port}` },
    ready: () => muster.until(({ path }) => path.endsWith('/ready')),
    reports: () => muster.heard.map(({ path, body }) => ({ what: path.slice(`/sessions/${session}/`.length), body })),
    async [Symbol.asyncDispose]() {
      process_.kill('SIGKILL')
      await exited
      await muster[Symbol.asyncDispose]()
    },
  }
}

function outputOf(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      text += data
    })
  }
  return () => text
}

/** Sends each message, and gives what the server says until it hangs up or has said `until`. */
async function talk(address: string, messages: unknown[], until = 'refused') {
  const socket = new WebSocket(`ws://${address}`)
  const said: { type: string; reason?: string }[] = []
  await once(socket, 'open')
  for (const message of messages) socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  await new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      said.push(JSON.parse(String(data)))
      if (said.at(-1)?.type === until) resolve()
    })
    socket.on('close', () => resolve())
  })
  return { socket, said }
}

describe('a launched duel', () => {
  it('is played by two bots to its end, and reports what their moves decided', async () => {
    await using duel = await launchedDuel()
    await duel.ready()
    const play = (player: string, team: number, skill: number) =>
      playDuel({ address: duel.address, ticket: ticketFor(player, { team }) }, { skill })
    const [ann, bob] = await Promise.all([play('ann', 0, 1), play('bob', 1, 0)])
    expect([ann.you, ann.them]).toEqual([bob.them, bob.you])
    expect(Math.max(ann.you, bob.you)).toBeGreaterThan(0)
    expect(await duel.exited).toEqual([0, null])

    const reports = duel.reports()
    expect(reports.map(({ what }) => what).filter((what) => what !== 'players')).toEqual(['ready', 'started', 'result'])
    expect(reports.filter(({ what }) => what === 'players').flatMap(({ body }) => body?.joined)).toEqual(
      expect.arrayContaining(['player_ann', 'player_bob']),
    )
    const rank = (mine: number, theirs: number) => (mine >= theirs ? 1 : 2)
    expect(reports.at(-1)?.body).toEqual({
      teams: [
        { players: ['player_ann'], rank: rank(ann.you, bob.you), score: ann.you },
        { players: ['player_bob'], rank: rank(bob.you, ann.you), score: bob.you },
      ],
      stats: {
        player_ann: { hits: ann.you, turns: expect.any(Number) },
        player_bob: { hits: bob.you, turns: expect.any(Number) },
      },
      duration_s: expect.any(Number),
    })
    expect(duel.output()).not.toMatch(/error/i)
  })

  it('lets in nobody without a good ticket', async () => {
    await using duel = await launchedDuel()
    await duel.ready()
    const refusalOf = async (...messages: unknown[]) => (await talk(duel.address, messages)).said.at(-1)
    const enter = (ticket: unknown) => refusalOf({ type: 'authenticate', ticket })
    const spent = ticketFor('ann')
    await talk(duel.address, [{ type: 'authenticate', ticket: spent }], 'authenticated')

    expect(await enter('let me in')).toEqual({ type: 'refused', reason: 'malformed' })
    expect(await enter(7)).toEqual({ type: 'refused', reason: 'authenticate first' })
    expect(await enter(ticketFor('ann', { key: 'f'.repeat(64) }))).toEqual({ type: 'refused', reason: 'forged' })
    expect(await enter(ticketFor('ann', { exp: 1_000 }))).toEqual({ type: 'refused', reason: 'expired' })
    expect(await enter(ticketFor('ann', { sid: 'session_2' }))).toEqual({ type: 'refused', reason: 'other_session' })
    expect(await enter(ticketFor('ann', { aud: 'server_2' }))).toEqual({ type: 'refused', reason: 'other_server' })
    expect(await enter(ticketFor('eve'))).toEqual({ type: 'refused', reason: 'not of this match' })
    expect(await enter(spent)).toEqual({ type: 'refused', reason: 'spent' })
    expect(await refusalOf({ type: 'load_complete' })).toEqual({ type: 'refused', reason: 'authenticate first' })
    expect(await refusalOf('{')).toEqual({ type: 'refused', reason: 'authenticate first' })
    expect((await talk(duel.address, ['x'.repeat(5_000)])).said).toEqual([])
    expect(duel.process.exitCode).toBeNull()
  })

  it('takes a dropped player back with a fresh ticket, and goes on where it was', async () => {
    await using duel = await launchedDuel()
    await duel.ready()
    const bob = playDuel({ address: duel.address, ticket: ticketFor('bob', { team: 1 }) }, { skill: 0 })
    const messages = [{ type: 'authenticate', ticket: ticketFor('ann') }, { type: 'load_complete' }]
    const { socket, said } = await talk(duel.address, messages, 'match_starting')
    expect(said.map(({ type }) => type)).toEqual(['authenticated', 'match_starting'])
    socket.send(JSON.stringify({ type: 'turn', turn: 0, step: 1, fire: 5 }))
    socket.terminate()
    await duel.muster.until(({ body }) => (body?.left as string[] | undefined)?.includes('player_ann') ?? false)

    const back = await playDuel({ address: duel.address, ticket: ticketFor('ann') }, { skill: 1 })
    expect([back.you, back.them]).toEqual([(await bob).them, (await bob).you])
    expect(duel.reports().at(-1)?.what).toBe('result')
  })

  it('brings a bot back by itself when its line drops', async () => {
    await using duel = await launchedDuel()
    await duel.ready()
    let returns = 0
    const way = (player: string) => ({ address: duel.address, ticket: ticketFor(player) })
    // The second connection with a player's ticket takes the first one's place, which then has to come back.
    const ann = playDuel(way('ann'), {
      ...{ skill: 1, thinkMs: 30 },
      comeBack: async () => {
        returns++
        return way('ann')
      },
    })
    const bob = playDuel(way('bob'), { skill: 0, thinkMs: 30, onTurn: ({ turn }) => turn === 2 && void takeOver() })
    const takeOver = () => talk(duel.address, [{ type: 'authenticate', ticket: ticketFor('ann') }], 'match_starting')
    expect((await ann).you).toBe((await bob).them)
    expect(returns).toBe(1)
  })

  it('gives up when a player does not come, and says who', async () => {
    await using duel = await launchedDuel({ loading_timeout_s: 0.1 })
    await duel.ready()
    const ann = playDuel({ address: duel.address, ticket: ticketFor('ann') }, { skill: 1 })
    await expect(ann).rejects.toThrow('Not everybody came in time: Bob.')
    expect(await duel.exited).toEqual([0, null])
    expect(duel.reports().at(-1)).toEqual({
      what: 'abandoned',
      body: { reason: 'Not everybody came in time: Bob.' },
    })
  })

  it('ends when Muster says so, and tells who is there', async () => {
    await using duel = await launchedDuel()
    await duel.ready()
    const { socket } = await talk(duel.address, [{ type: 'authenticate', ticket: ticketFor('ann') }], 'authenticated')
    const farewell = once(socket, 'message')
    duel.process.kill('SIGTERM')
    expect(JSON.parse(String((await farewell)[0]))).toEqual({ type: 'ended', reason: 'The match was ended by Muster.' })
    expect(await duel.exited).toEqual([0, null])
    expect(duel.reports().map(({ what }) => what)).not.toContain('result')
  })

  it('says what is wrong where it cannot run', async () => {
    const byHand = spawn(process.execPath, [program], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] })
    const text = outputOf(byHand)
    expect(await once(byHand, 'exit')).toEqual([2, null])
    expect(text()).toMatch(/MUSTER_API_KEY/)
    const broken = spawn(process.execPath, [program], {
      env: { MUSTER_CONTRACT: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const complaint = outputOf(broken)
    expect(await once(broken, 'exit')).toEqual([1, null])
    expect(complaint()).toBe('MUSTER_SERVER_ID is missing from the environment.\n')
  })
})
