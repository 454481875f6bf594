import type { ServerFrame } from '@muster/protocol'
import { type ClientOptions, WebSocket } from 'ws'

export interface SocketClient {
  socket: WebSocket
  /** Everything heard so far. */
  frames: ServerFrame[]
  send(frame: unknown): void
  sendText(text: string): void
  /** The next frame that was not asked for before, of this event where one is named. */
  next(event?: string): Promise<ServerFrame>
  /** Sends with an id of its own, and resolves with the answer. */
  ask(event: string, data?: unknown): Promise<ServerFrame>
  closed: Promise<{ code: number; reason: string }>
  close(): Promise<void>
}

/** A request to open that was answered in HTTP. */
export class Refused extends Error {
  readonly status: number
  readonly body: string
  constructor(status: number, body: string) {
    super(`${status} ${body}`)
    this.status = status
    this.body = body
  }
}

const waitMs = 8_000

export async function openSocket(
  url: string,
  options: ClientOptions & { protocols?: string[] } = {},
): Promise<SocketClient> {
  const { protocols, ...rest } = options
  const socket = new WebSocket(url, protocols, rest)
  const frames: ServerFrame[] = []
  const unasked: ServerFrame[] = []
  const waiting = new Set<() => void>()
  let lastId = 0
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  socket.on('error', () => undefined)
  socket.on('message', (data) => {
    const frame = JSON.parse(data.toString()) as ServerFrame
    frames.push(frame)
    unasked.push(frame)
    for (const look of [...waiting]) look()
  })

  const take = (matches: (frame: ServerFrame) => boolean, what: string) =>
    new Promise<ServerFrame>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look)
        reject(new Error(`no ${what} came; heard ${JSON.stringify(frames)}`))
      }, waitMs)
      const look = () => {
        const at = unasked.findIndex(matches)
        if (at < 0) return
        clearTimeout(timer)
        waiting.delete(look)
        resolve(unasked.splice(at, 1)[0] as ServerFrame)
      }
      waiting.add(look)
      look()
    })

  const client: SocketClient = {
    ...{ socket, frames, closed },
    send: (frame) => socket.send(JSON.stringify(frame)),
    sendText: (text) => socket.send(text),
    next: (event) => take((frame) => event === undefined || frame.event === event, event ?? 'frame'),
    ask(event, data) {
      const id = ++lastId
      client.send({ event, data, id })
      return take((frame) => frame.id === id, `answer to ${event}`)
    },
    async close() {
      socket.close()
      await closed
    },
  }
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_, response) => {
      let body = ''
      response.on('data', (part) => {
        body += String(part)
      })
      response.on('end', () => reject(new Refused(response.statusCode ?? 0, body)))
    })
  })
  return client
}
