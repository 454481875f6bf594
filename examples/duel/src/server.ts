import { once } from 'node:events'
import { launched } from '@muster/gameserver'
import { WebSocketServer } from 'ws'
import { runMatch } from './match.ts'

/** The duel's dedicated server, as Muster launches it: one process, one match. */
const launch = launched()
if (launch === null) {
  console.error('This server is launched by Muster: start Muster with the duel mode and let two players search.')
  process.exit(2)
}
const { session, host, port } = launch
const sockets = new WebSocketServer({ host, port, maxPayload: 4_096 })
await once(sockets, 'listening')

const match = runMatch(session, { loadMs: 20_000, turnMs: 2_000 }, () => {
  // The last words are on their way; whoever does not hang up is hung up on.
  setTimeout(() => process.exit(0), 1_000).unref()
  sockets.close()
})
sockets.on('connection', (socket) => match.welcome(socket))
process.on('SIGTERM', () => process.exit(0))

await session.ready()
console.log(`A duel waits on ${host}:${port}.`)
