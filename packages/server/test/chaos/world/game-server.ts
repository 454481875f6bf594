/**
 * A game server of the run: as Muster launches it, for one session, or registered by itself, for many.
 *
 *   node game-server.js FOLDER               launched by Muster
 *   node game-server.js FOLDER URL KEY ID    registers as ID
 *
 * Players say their ticket in a line, and are answered `in`, `refused <reason>`, and at the end `over`.
 */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type GameSession, launched, MusterError, register, ticketSession } from '@muster/gameserver'
import { pause } from '../cluster/until.ts'
import { historian } from './history.ts'

const [folder = '', url, apiKey, id = `launched-${process.pid}`] = process.argv.slice(2)
const note = historian(folder, id)
/** This process, which can be started again under the same id. */
const run = `${id} ${process.pid}`
const loadMs = 30_000
const playMs = { min: 1_500, max: 5_000 }
const doubledReports = 0.2

interface Play {
  session: GameSession
  seats: Map<string, Socket>
  enter(ticket: string, socket: Socket): string | null
  stop(): void
}
const plays = new Map<string, Play>()

function playOf(session: GameSession, onEnd: () => void): Play {
  const wanted = (session.match.factions ?? []).flat()
  const seats = new Map<string, Socket>()
  let begun = false
  let over = false

  function close(word: string) {
    if (over) return
    over = true
    clearTimeout(timer)
    for (const socket of seats.values()) socket.end(`${word}\n`)
    onEnd()
  }
  const timer = setTimeout(() => {
    void session.abandoned('Not everybody came.').catch(() => undefined)
    close('over')
  }, loadMs)

  async function report() {
    const [first, ...others] = [...wanted].sort(() => Math.random() - 0.5)
    if (first === undefined) return
    const result = {
      teams: [{ players: [first], rank: 1 }, ...others.map((player) => ({ players: [player], rank: 2 }))],
    }
    const say = async () => {
      try {
        await session.result(result)
        note({ what: 'acknowledged', session: session.id, winner: first })
      } catch (error) {
        note({ what: 'result_refused', session: session.id, code: error instanceof MusterError ? error.code : 'none' })
      }
    }
    await Promise.all(Math.random() < doubledReports ? [say(), say()] : [say()])
  }

  async function play() {
    clearTimeout(timer)
    await session.started().catch(() => undefined)
    await pause(playMs.min + Math.random() * (playMs.max - playMs.min))
    if (over) return
    await report()
    close('over')
  }

  return {
    ...{ session, seats },
    enter(ticket, socket) {
      if (over) return 'over'
      const admission = session.admit(ticket)
      if (!admission.ok) return admission.reason
      const { player } = admission.admitted
      note({ what: 'admitted', player, session: session.id, jti: jtiOf(ticket), run })
      seats.get(player)?.destroy()
      seats.set(player, socket)
      socket.on('close', () => {
        if (seats.get(player) !== socket) return
        seats.delete(player)
        session.left(player)
      })
      if (!begun && seats.size === wanted.length) {
        begun = true
        void play()
      }
      return null
    },
    stop: () => close('ended'),
  }
}

const jtiOf = (ticket: string): string => {
  const claims = JSON.parse(Buffer.from(ticket.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }
  return claims.jti
}

async function listen(host: string, port: number, playFor: (ticket: string) => Play | undefined) {
  const server = createServer((socket) => {
    socket.setTimeout(60_000, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    // It passes its input's errors on as its own.
    const lines = createInterface({ input: socket }).on('error', () => undefined)
    lines.once('line', (ticket) => {
      const refused = playFor(ticket)?.enter(ticket, socket) ?? null
      if (playFor(ticket) === undefined) socket.end('refused unknown\n')
      else if (refused !== null) socket.end(`refused ${refused}\n`)
      else socket.write('in\n')
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

async function runLaunched() {
  const launch = launched()
  if (launch === null) throw new Error('Muster did not start this server, and it was not told where to register.')
  const { session, host, port } = launch
  const ended = new Promise<void>((resolve) => {
    const play = playOf(session, resolve)
    plays.set(session.id, play)
    process.once('SIGTERM', () => play.stop())
  })
  await listen(host, port, (ticket) => plays.get(ticketSession(ticket) ?? ''))
  await session.ready()
  await ended
  await pause(300)
  process.exit(0)
}

async function runRegistered(at: string, key: string) {
  const server = await listen('127.0.0.1', 0, (ticket) => plays.get(ticketSession(ticket) ?? ''))
  const { port } = server.address() as { port: number }
  const forget = (session: string) => {
    plays.get(session)?.stop()
    plays.delete(session)
  }
  await register({
    ...{ url: at, apiKey: key, onError: (error) => console.error(error) },
    server: { id, name: id, address: '127.0.0.1', ports: { game: port }, capacity: 60, modes: ['arena'] },
    async onSession(session) {
      const play = playOf(session, () => {
        if (plays.get(session.id) === play) plays.delete(session.id)
      })
      plays.set(session.id, play)
      await session.ready()
    },
    onKick({ session_id: session, player_id: player }) {
      if (player === undefined) forget(session)
      else plays.get(session)?.seats.get(player)?.destroy()
    },
  })
  console.log(`${id} is registered, on port ${port}.`)
}

if (url === undefined || apiKey === undefined) await runLaunched()
else await runRegistered(url, apiKey)
