import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { ClientMessage, ServerMessage } from './wire.ts'

/** What Muster's answer says of the way in. */
export interface Way {
  address: string
  ticket: string
}

/** A player on the raid's server. */
export interface Friend {
  /** Resolves with the next message of that kind; rejects when the line ends before. */
  hear<Kind extends ServerMessage['type']>(kind: Kind): Promise<Extract<ServerMessage, { type: Kind }>>
  say(message: ClientMessage): void
  /** Strikes until the beast falls; resolves with everybody's strikes. */
  fight(pauseMs: number): Promise<Record<string, number>>
  leave(): void
  closed: Promise<{ code: number; reason: string }>
}

/** Comes in by a ticket; rejects with the server's reason where it lets nobody in. */
export async function enter({ address, ticket }: Way): Promise<Friend> {
  const socket = new WebSocket(`ws://${address}`)
  const heard: ServerMessage[] = []
  const waiting = new Set<() => void>()
  const news = () => {
    for (const one of [...waiting]) one()
  }
  let over: Error | null = null
  socket.on('message', (data) => {
    heard.push(JSON.parse(String(data)) as ServerMessage)
    news()
  })
  socket.on('error', (error) => {
    over ??= error
    news()
  })
  const closed = once(socket, 'close').then(([code, reason]) => {
    over ??= new Error(`The line ended: ${code} ${reason}`)
    news()
    return { code: code as number, reason: String(reason) }
  })

  /** Looks at once, and with everything that comes, until `look` gives something. */
  const until = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const one = () => {
        const refused = heard.find((message) => message.type === 'refused')
        const found = refused === undefined ? look() : undefined
        if (found === undefined && refused === undefined && over === null) return
        waiting.delete(one)
        if (found !== undefined) resolve(found)
        else reject(refused === undefined ? over : new Error(refused.reason))
      }
      waiting.add(one)
      one()
    })
  const hear: Friend['hear'] = (kind) =>
    until(() => {
      const at = heard.findIndex(({ type }) => type === kind)
      return at < 0 ? undefined : (heard.splice(at, 1)[0] as Extract<ServerMessage, { type: typeof kind }>)
    })
  const say = (message: ClientMessage) => socket.send(JSON.stringify(message))

  await Promise.race([once(socket, 'open'), closed])
  if (over !== null) throw over
  say({ type: 'authenticate', ticket })
  await until(() => heard[0])
  return {
    hear,
    say,
    async fight(pauseMs) {
      const won = hear('won')
      const striking = setInterval(() => say({ type: 'strike' }), pauseMs)
      try {
        return (await won).strikes
      } finally {
        clearInterval(striking)
      }
    },
    leave: () => socket.close(1000),
    closed,
  }
}
