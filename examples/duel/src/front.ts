import { once } from 'node:events'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Match } from './match.ts'
import { messageIn, type ServerMessage } from './wire.ts'

/** A ticket and a word; nothing that players send is longer. */
const messageBytesMax = 4_096
const ticketWaitMs = 5_000

/** Listens for players, and leads each to the match that the ticket is for. Throws where the port is taken. */
export async function openFront(
  at: { host: string; port: number },
  matchFor: (ticket: string) => Match | null,
): Promise<WebSocketServer> {
  const front = new WebSocketServer({ ...at, maxPayload: messageBytesMax })
  await once(front, 'listening')
  front.on('connection', (socket) => greet(socket, matchFor))
  return front
}

function greet(socket: WebSocket, matchFor: (ticket: string) => Match | null) {
  const refuse = (reason: string) => {
    socket.send(JSON.stringify({ type: 'refused', reason } satisfies ServerMessage))
    socket.close(1008, reason)
  }
  const impatience = setTimeout(() => refuse('no ticket came'), ticketWaitMs)
  socket.on('error', () => socket.terminate())
  socket.on('close', () => clearTimeout(impatience))
  socket.once('message', (data) => {
    clearTimeout(impatience)
    const message = messageIn(String(data))
    if (message?.type !== 'authenticate' || typeof message.ticket !== 'string') return refuse('authenticate first')
    const match = matchFor(message.ticket)
    const refusal = match === null ? 'no such match' : match.enter(message.ticket, socket)
    if (refusal !== null) refuse(refusal)
  })
}
