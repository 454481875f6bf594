import type { ServerId } from '@muster/protocol'
import type { Clock } from '../../../platform/clock.ts'
import type { Db } from '../../../platform/db.ts'
import type { Sdks } from '../agones/sdks.ts'
import type { FleetOptions, LaunchSource } from '../config.ts'
import type { Credentials } from '../credentials.ts'
import type { Ending } from '../domain.ts'
import type { NetcodeOf } from '../needs.ts'
import type { ProcessRow, ProcessStore } from '../store.ts'
import { type LaunchFacts, launchEnvironment } from './environment.ts'
import type { Machine, Started } from './machine.ts'

export interface StartNeeds {
  clock: Clock
  db: Db
  store: ProcessStore
  credentials: Credentials
  machine: Machine
  node: string
  apiUrl(): string
  environment: Readonly<Record<string, string | undefined>>
  launchSourceOf(mode: string): LaunchSource | null
  netcodeOf?(mode: string): NetcodeOf | null
  sdks: Pick<Sdks, 'open'>
}

/** How many ports held by strangers are passed by for one server. */
const portTriesMax = 64

/** Starts the process that a row asks for, on a port that is free in truth and not only in the books. */
export async function startServer(needs: StartNeeds, options: FleetOptions, row: ProcessRow): Promise<Started> {
  const source = needs.launchSourceOf(row.mode)
  if (source === null) return { failure: 'not_configured', detail: `The mode ${row.mode} launches no servers.` }
  const port = await freePort(needs, row, source)
  if (typeof port !== 'number') return port
  const sdk = await needs.sdks.open({ ...row, port })
  if ('failure' in sdk) return sdk
  const { credentials, node, environment } = needs
  return needs.machine.start({
    server: row.server,
    command: source.command,
    cwd: source.cwd,
    environment: launchEnvironment(
      {
        ...{ node, port, server: row.server, session: row.session, apiUrl: needs.apiUrl(), match: row.brief },
        ...{ bindHost: source.bindHost, publicHost: source.publicHost, playersMax: row.playersMax, sdkPort: sdk.port },
        reportToken: credentials.reportTokenOf(row.session),
        keys: keysFor(needs, row, source),
      },
      environment,
      options.inheritEnv,
      source.env,
    ),
    folderVariables: ['HOME', 'TMPDIR'].filter((name) => !Object.hasOwn(source.env, name)),
    limits: source.limits,
  })
}

function keysFor({ credentials, netcodeOf }: StartNeeds, row: ProcessRow, source: LaunchSource): LaunchFacts['keys'] {
  const netcode = netcodeOf?.(row.mode) ?? null
  if (netcode === null) return { ticket: credentials.ticketKeyOf(row.server, row.instance) }
  return {
    netcode: credentials.netcodeKeyOf(row.server, row.instance),
    ...{ protocolId: netcode.protocolId, host: netcode.internalHost ?? source.publicHost },
  }
}

async function freePort(
  { clock, db, store, machine, node }: StartNeeds,
  row: { server: ServerId; port: number },
  { bindHost, ports }: LaunchSource,
): Promise<number | { failure: Ending; detail: string }> {
  const tried: number[] = []
  let port = row.port
  let problem = ''
  while (tried.length < portTriesMax) {
    const found = await machine.portProblem(bindHost, port)
    if (found === null) return port
    problem = `port ${port} on ${bindHost}: ${found}`
    tried.push(port)
    const next = await db.transact((tx) =>
      store.movePort(tx, { server: row.server, node, ports: [ports[0], ports[1]], tried, now: clock.now() }),
    )
    if (next === null) break
    port = next
  }
  return { failure: 'no_port', detail: `No port from ${ports[0]} to ${ports[1]} could be had; the last, ${problem}.` }
}
