import { once } from 'node:events'
import { launched } from '@muster/gameserver'
import { WebSocketServer } from 'ws'
import { runRaid } from './raid.ts'
import { messageIn } from './wire.ts'

/** A ticket and a word; nothing that players send is longer. */
const messageBytesMax = 4_096
const ticketWaitMs = 5_000

const launch = launched()
if (launch === null) {
  console.error('Muster launches this server, for a private game. There is nothing to run by hand.')
  process.exit(2)
}
const { session, host, port } = launch
const ended = new Promise<void>((resolve) => {
  const raid = runRaid(session, resolve)
  launch.onKick((player) => raid.drop(player))
  process.on('SIGTERM', () => raid.stop('The game was ended by Muster.'))

  const front = new WebSocketServer({ host, port, maxPayload: messageBytesMax })
  front.on('connection', (socket) => {
    const refuse = (reason: string) => {
      socket.send(JSON.stringify({ type: 'refused', reason }))
      socket.close(1008, reason)
    }
    const impatience = setTimeout(() => refuse('no ticket came'), ticketWaitMs)
    socket.on('error', () => socket.terminate())
    socket.on('close', () => clearTimeout(impatience))
    socket.once('message', (data) => {
      clearTimeout(impatience)
      const message = messageIn(String(data))
      if (message?.type !== 'authenticate' || typeof message.ticket !== 'string') return refuse('authenticate first')
      const refusal = raid.enter(message.ticket, socket)
      if (refusal !== null) refuse(refusal)
    })
  })
  void once(front, 'listening').then(async () => {
    await session.ready()
    console.log(`A raid waits on ${host}:${port}.`)
  })
})
await ended
// The last words are on their way.
await new Promise((resolve) => setTimeout(resolve, 300))
process.exit(0)
