import { hostname } from 'node:os'
import { register, ticketSession } from '@muster/gameserver'
import { openFront } from './front.ts'
import { type Match, runMatch } from './match.ts'

export interface OwnServer {
  url: string
  apiKey: string
  host: string
  port: number
  /** What players connect to, if not where it listens. */
  publicHost: string
  capacity: number
  /** What it is offered for. */
  modes: string[]
}

const loadMs = 60_000
const turnMs = 2_000

/** A server that somebody runs by hand: it registers with Muster and plays many duels on one port. */
export async function runRegistered(own: OwnServer): Promise<void> {
  const matches = new Map<string, Match>()
  const matchFor = (ticket: string) => matches.get(ticketSession(ticket) ?? '') ?? null
  const front = await openFront(own, matchFor)
  const address = front.address() as { port: number }

  const server = await register({
    url: own.url,
    apiKey: own.apiKey,
    server: {
      id: `duel-${hostname()}-${address.port}`.replace(/[^A-Za-z0-9._:-]/g, '-').slice(0, 64),
      name: 'Duels',
      address: own.publicHost,
      ports: { game: address.port },
      capacity: own.capacity,
      modes: own.modes,
    },
    async onSession(session) {
      const match = runMatch(session, { loadMs, turnMs }, () => {
        if (matches.get(session.id) === match) matches.delete(session.id)
      })
      matches.set(session.id, match)
      await session.ready()
      console.log(`A duel waits: ${session.id}.`)
    },
    onKick({ session_id: session, player_id: player, reason }) {
      if (player === undefined) matches.get(session)?.stop(reason)
    },
    onDrain: () => console.log('No new duels come; this server may be stopped when the last one is over.'),
    onError: (error) => console.error(error),
  })
  console.log(`${server.id} takes duels on ${own.publicHost}:${address.port}.`)

  const leave = async () => {
    for (const match of matches.values()) match.stop('The server is going.')
    await server.leave().catch((error: unknown) => console.error(error))
    front.close()
    for (const socket of front.clients) socket.terminate()
  }
  process.once('SIGTERM', () => void leave())
  process.once('SIGINT', () => void leave())
}
