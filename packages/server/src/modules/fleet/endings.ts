import { afterCommit, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Wakes } from '../../platform/wakes.ts'
import { endings } from './domain.ts'
import type { Figures } from './figures.ts'
import type { DirectoryStore, EndedServer, EndRequest } from './store.ts'

export interface EndingNeeds {
  store: Pick<DirectoryStore, 'end'>
  wakes: Wakes
  log: Log
  figures: Figures
}

/** Ends servers: whatever they held comes back in this transaction, and once it has committed those who wait are told. Where
 *  it is a failure, what the server printed last is told with it. */
export type EndServers = (
  tx: Tx,
  request: EndRequest,
  failure?: { output?: readonly string[] },
) => Promise<EndedServer[]>

export const createEnding =
  ({ store, wakes, log, figures }: EndingNeeds): EndServers =>
  async (tx, request, failure) => {
    const ended = await store.end(tx, request)
    if (ended.length === 0) return ended
    afterCommit(tx, () => {
      figures.gone(request.cause, ended.length)
      for (const { server, lost } of ended) {
        const { cause, detail } = request
        log[failure === undefined ? 'info' : 'warn'](
          { server, cause, detail: detail ?? undefined, sessions: lost, ...failure },
          `a server went: ${endings[cause]}`,
        )
      }
      wakes.wake(
        'server',
        ended.map((one) => one.server),
      )
      wakes.wake(
        'session',
        ended.flatMap((one) => one.lost),
      )
    })
    return ended
  }
