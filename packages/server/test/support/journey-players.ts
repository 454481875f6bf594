import { once } from 'node:events'
import { createClient, type FoundMatch, type Gateway, type MusterClient, type OfferAnswer } from '@muster/client'
import { playDuel } from '@muster/example-duel'
import type { ServerMessages } from '@muster/protocol'
import { WebSocket } from 'ws'

/** A player with everything a game would hold: the client, a gateway line, and what came over it. */
export interface Player {
  name: string
  id: string
  client: MusterClient
  gateway: Gateway
  pushes: { event: string; data: unknown }[]
  /** Resolves when such a push has come, also one that came before. */
  pushed<E extends keyof ServerMessages>(event: E): Promise<ServerMessages[E]>
}

const heardEvents = ['match_found', 'match_confirmed', 'match_cancelled', 'match_completed'] as const
export const passwordOf = (name: string) => `${name} keeps this to themselves`

export async function newPlayer(url: string, name: string): Promise<Player> {
  const client = createClient({ url, WebSocket })
  await client.register({ username: name, password: passwordOf(name), nick: name })
  return playerOn(client, name)
}

export function playerOn(client: MusterClient, name: string): Player {
  const gateway = client.connect()
  const pushes: Player['pushes'] = []
  const waiting = new Set<() => void>()
  for (const event of heardEvents) {
    gateway.on(event, (data) => {
      pushes.push({ event, data })
      for (const look of [...waiting]) look()
    })
  }
  return {
    ...{ name, id: client.userId ?? '', client, gateway, pushes },
    pushed: (event) =>
      new Promise((resolve) => {
        const look = () => {
          const found = pushes.find((push) => push.event === event)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found.data as never)
        }
        waiting.add(look)
        look()
      }),
  }
}

/** Everybody searches at once; each answers offers as told, accepting unless told. */
export const findTogether = (
  players: readonly Player[],
  queue = 'duel',
  answers: Record<string, OfferAnswer> = {},
): Promise<FoundMatch[]> =>
  Promise.all(
    players.map(({ client, name }) => client.findMatch({ queues: [queue], onOffer: () => answers[name] ?? 'accept' })),
  )

/** Plays a found match to its end, well or badly. */
export const playOut = (player: Player, { match, ticket }: FoundMatch, more: { skill: number; thinkMs?: number }) =>
  playDuel(
    { address: match.address, ticket },
    { ...more, comeBack: () => player.client.ticket(match.session_id), patienceMs: 90_000 },
  )

/** What the game server says to whoever comes with this ticket first. */
export async function knock(address: string, ticket: string): Promise<{ type: string; reason?: string }> {
  const socket = new WebSocket(`ws://${address}`)
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'authenticate', ticket }))
  const [data] = await once(socket, 'message')
  socket.close()
  return JSON.parse(String(data))
}
