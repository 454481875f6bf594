import type { Clock } from '../../../platform/clock.ts'
import type { Db } from '../../../platform/db.ts'
import type { FleetOptions, LaunchSource } from '../config.ts'
import type { Credentials } from '../credentials.ts'
import type { Ending } from '../domain.ts'
import type { Figures } from '../figures.ts'
import type { FleetNeeds } from '../needs.ts'
import type { ProcessRow, ProcessStore } from '../store.ts'
import { type Exit, startChild } from './child.ts'
import { childEnvironment } from './environment.ts'
import type { OutputFolder } from './output.ts'
import { isPortFree } from './ports.ts'
import { signalGroup, startMarkOf } from './process-table.ts'

export interface SpawnerNeeds extends Pick<FleetNeeds, 'node' | 'apiUrl' | 'environment' | 'launchSourceOf'> {
  clock: Clock
  db: Db
  store: ProcessStore
  credentials: Credentials
  figures: Figures
  output: OutputFolder
  /** This run of the launcher. */
  launcher: string
}

export type Failure = { cause: Ending; detail: string | null }

/** Starts the process of a row that has none. Null: it runs, and the row says so. */
export type Spawn = (row: ProcessRow, onExit: (exit: Exit) => void) => Promise<Failure | null>

const portTriesMax = 20

export function createSpawner(needs: SpawnerNeeds, options: Pick<FleetOptions, 'inheritEnv'>): Spawn {
  const { clock, db, store, credentials } = needs

  /** The row's port if it is free, or another one that is. */
  async function freePort(row: ProcessRow, source: LaunchSource): Promise<number | null> {
    const tried: number[] = []
    let port: number | null = row.port
    while (port !== null && tried.length < portTriesMax) {
      if (await isPortFree(source.bindHost, port)) return port
      tried.push(port)
      const request = { server: row.server, node: needs.node, ports: source.ports, tried, now: clock.now() }
      port = await db.transact((tx) => store.movePort(tx, request))
    }
    return null
  }

  return async (row, onExit) => {
    const source = needs.launchSourceOf(row.mode)
    if (source === null) return { cause: 'not_configured', detail: null }
    const port = await freePort(row, source)
    if (port === null) return { cause: 'no_port', detail: `No port from ${source.ports.join(' to ')} is free.` }

    const { server, instance, session, slots: maxPlayers, brief } = row
    const env = childEnvironment(needs.environment, options.inheritEnv, source, {
      ...{ apiUrl: needs.apiUrl(), server, session, port, maxPlayers, brief, node: needs.node },
      reportToken: credentials.reportTokenOf(session),
      ticketKey: credentials.ticketKeyOf(server, instance).toString('hex'),
    })
    const file = needs.output.openFor(server)
    const started = await startChild(source, env, file.fd, onExit).finally(file.close)
    if ('cause' in started) return started
    needs.figures.launched()
    const startMark = await startMarkOf(started.pid)
    const process = { server, launcher: needs.launcher, pid: started.pid, startMark }
    if (!(await db.once((tx) => store.recordProcess(tx, process)))) signalGroup(started.pid, 'SIGKILL')
    return null
  }
}
