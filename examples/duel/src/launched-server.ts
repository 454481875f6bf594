import type { Launch } from '@muster/gameserver'
import { openFront } from './front.ts'
import { runMatch } from './match.ts'

/** Muster ends a session whose players do not come; only if it cannot, this server does. */
const loadGraceMs = 2_000
const loadUsualS = 30
const turnMs = 2_000

/** One process, one match: as Muster launches it. Resolves when the match is over and the players have been told. */
export async function runLaunched({ session, host, port }: Launch): Promise<void> {
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const loadMs = (session.match.loading_timeout_s ?? loadUsualS) * 1_000 + loadGraceMs
  const match = runMatch(session, { loadMs, turnMs }, end)
  const front = await openFront({ host, port }, () => match)
  process.on('SIGTERM', () => match.stop('The match was ended by Muster.'))
  await session.ready()
  console.log(`A duel waits on ${host}:${port}.`)
  await ended
  await hangUp(front.clients, () => front.close())
}

/** The last words are on their way; whoever does not hang up then is hung up on. */
async function hangUp(sockets: Iterable<{ readyState: number; terminate(): void }>, close: () => void) {
  close()
  await new Promise((resolve) => setTimeout(resolve, 500))
  for (const socket of sockets) socket.terminate()
}
