import type { ServerId, SessionId } from '@muster/protocol'
import type { Clock } from '../../../platform/clock.ts'
import { afterCommit, type Db } from '../../../platform/db.ts'
import type { Log } from '../../../platform/log.ts'
import type { Wakes } from '../../../platform/wakes.ts'
import type { Allocator } from '../allocator.ts'
import type { Ending } from '../domain.ts'
import type { EndServers } from '../endings.ts'
import type { Figures } from '../figures.ts'
import { UnusablePort } from '../said-port.ts'
import type { ProcessStore } from '../store.ts'
import type { Exit } from './machine.ts'

export interface BooksNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  log: Log
  store: ProcessStore
  endServers: EndServers
  confirm: Allocator['confirm']
  figures: Figures
}

/** What the launcher writes down of processes. Each entry may be made again: what is over stays over. */
export interface Books {
  /** False where players could not get in on that port: the server has ended with it, and is to be stopped. */
  ready(server: ServerId, session: SessionId, port: number | null, output: readonly string[]): Promise<boolean>
  /** The server was not ready in time; false where it was. */
  overdue(server: ServerId, output: readonly string[]): Promise<boolean>
  /** Its own SDK says that it is done, or unwell: its session is over, and its process is to be stopped. */
  over(server: ServerId, cause: 'shut_down' | 'unhealthy', output: readonly string[]): Promise<void>
  /** The process has ended: `asked` to for that cause, or by itself. */
  ended(server: ServerId, exit: Exit, asked: Ending | null, output: readonly string[]): Promise<void>
  /** There is no process, and there will be none. */
  absent(server: ServerId, cause: Ending, detail: string): Promise<void>
}

interface FailedStart {
  server: ServerId
  cause: Ending
  detail: string
  output: readonly string[]
}

const linesInDetail = 5

const exitText = ({ code, signal }: Exit) => {
  if (code !== null) return `It ended with exit code ${code}.`
  return signal === null ? 'It ended; how is not known.' : `It was ended by ${signal}.`
}

const withOutput = (text: string, output: readonly string[]) =>
  output.length === 0
    ? `${text} It printed nothing.`
    : `${text} It printed last:\n${output.slice(-linesInDetail).join('\n')}`

export function createBooks({ clock, db, wakes, log, store, endServers, confirm, figures }: BooksNeeds): Books {
  /** Ends a server that has not become ready; false where it has. */
  const failedStart = ({ server, cause, detail, output }: FailedStart) =>
    db.transact(async (tx) => {
      const request = { servers: [server], cause, detail, now: clock.now(), onlyStarting: true }
      const ended = await endServers(tx, request, { output })
      if (ended.length === 0) return false
      afterCommit(tx, () => figures.launchFailed(cause))
      return true
    })

  return {
    async ready(server, session, port, output) {
      try {
        await db.transact(async (tx) => {
          await confirm(tx, session, port ?? undefined)
          afterCommit(tx, () => {
            log.debug({ server, session, port }, 'a launched server is ready')
            wakes.wake('session', [session])
          })
        })
        return true
      } catch (error) {
        if (!(error instanceof UnusablePort)) throw error
        const { message: detail } = error
        return !(await failedStart({ server, cause: 'wrong_port', detail, output }))
      }
    },
    overdue: (server, output) =>
      failedStart({
        ...{ server, cause: 'not_ready', output },
        detail: withOutput('It did not say that it is ready.', output),
      }),
    async over(server, cause, output) {
      await db.transact(async (tx) => {
        const words = cause === 'unhealthy' ? 'It sent no health pings.' : 'It asked for its shutdown.'
        const request = { servers: [server], cause, detail: withOutput(words, output), now: clock.now() }
        const early = await endServers(tx, { ...request, onlyStarting: true }, { output })
        if (early.length > 0) afterCommit(tx, () => figures.launchFailed(cause))
        else await endServers(tx, request, cause === 'unhealthy' ? { output } : undefined)
      })
    },
    async ended(server, exit, asked, output) {
      await db.transact(async (tx) => {
        const now = clock.now()
        await store.endProcess(tx, { server, exitCode: exit.code, exitSignal: exit.signal, output, now })
        const request = { servers: [server], detail: withOutput(exitText(exit), output), now }
        if (asked !== null) {
          await endServers(tx, { ...request, cause: asked })
          return
        }
        const early = await endServers(tx, { ...request, cause: 'exited_early', onlyStarting: true }, { output })
        if (early.length > 0) afterCommit(tx, () => figures.launchFailed('exited_early'))
        else await endServers(tx, { ...request, cause: 'exited' })
      })
    },
    async absent(server, cause, detail) {
      await db.transact(async (tx) => {
        const now = clock.now()
        await store.endProcess(tx, { server, exitCode: null, exitSignal: null, output: null, now })
        const failed = cause !== 'drained'
        const ended = await endServers(tx, { servers: [server], cause, detail, now }, failed ? {} : undefined)
        if (ended.length > 0 && failed) afterCommit(tx, () => figures.launchFailed(cause))
      })
    },
  }
}
