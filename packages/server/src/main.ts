import { statSync } from 'node:fs'
import { compose, type ModuleName, migrations } from './compose.ts'
import type { Config, Machine } from './config.ts'
import { closedModes, firstPermittedPort, isolationHere, launchWarnings, unlaunchableModes } from './launch-warnings.ts'
import { refuseForeignSecret } from './platform/fingerprint.ts'
import { openGround } from './platform/ground.ts'
import { mountOperations, type Readiness } from './platform/http/operations.ts'
import { createHttpServer } from './platform/http/server.ts'
import { idMint } from './platform/ids.ts'
import type { Log } from './platform/log.ts'
import { migrate } from './platform/postgres.ts'
import { repeating } from './platform/repeat.ts'
import { createWakes } from './platform/wakes.ts'

export const version = '0.1.0'

export interface RunningServer {
  /** Where it answers. */
  url: string
  /** Made at the first start; told once. */
  firstOperator: { username: string; password: string } | null
  /** What it stands on, in words. */
  described: string
  /** Resolves with the reason when it cannot go on. Stop it then. */
  lost: Promise<Error>
  /** Takes no more, lets what is under way end, and releases everything. Safe to call twice. */
  stop(): Promise<void>
}

export interface StartOptions {
  machine: Machine
  config: Config
  log: Log
  /** Mounts only these modules' routes. */
  only?: ModuleName[]
}

const sweepMs = 60_000

/** Opens the ground, brings the tables up to date, and runs the server until told to stop. */
export async function startServer({ machine, config, log, only }: StartOptions): Promise<RunningServer> {
  const ground = await openGround({
    dataDir: machine.data,
    secretFile: machine.secretFile || undefined,
    databaseUrl: machine.databaseUrl || undefined,
    databaseConnectionsMax: machine.databaseConnections,
    redisUrl: machine.redisUrl || undefined,
    log,
  })
  const releases: (() => Promise<unknown>)[] = [async () => ground[Symbol.asyncDispose]()]
  const release = async () => {
    for (const one of releases.splice(0).reverse()) {
      await one().catch((error: unknown) => log.error({ err: error }, 'something could not be released'))
    }
  }
  try {
    return await run()
  } catch (error) {
    await release()
    throw error
  }

  async function run(): Promise<RunningServer> {
    await migrate(ground.kysely, migrations)
    await refuseForeignSecret(ground.kysely, ground.secrets)
    const instance = idMint(ground.clock)('node')
    const wakes = await createWakes({ ...ground, node: instance })
    releases.push(async () => wakes[Symbol.asyncDispose]())

    let url = ''
    const isolation = await isolationHere(config, machine.environment.PATH)
    const surroundings = {
      ...{ wakes, instance, apiUrl: () => url, environment: machine.environment },
      isolation: isolation ?? undefined,
    }
    const { modules, authenticators, ...edge } = compose(ground, config, surroundings)

    const mounted = Object.entries(modules).filter(([name]) => only === undefined || only.includes(name as ModuleName))
    const readiness: Readiness = {
      serving: false,
      checks: {
        database: () => ground.kysely.selectNoFrom((select) => select.lit(1).as('one')).execute(),
        soft_state: () => ground.soft.check(),
      },
    }
    const http = await createHttpServer(
      { ...ground, ...edge, authenticators, isServing: () => readiness.serving },
      {
        trustedProxies: config.http.trustedProxies,
        bodyBytesMax: config.http.bodyBytesMax,
        origins: config.http.origins,
        connectionsMax: config.http.connectionsMax,
        rate: { name: 'request', max: config.http.requestsPerMinute, perMs: 60_000 },
        version,
        encrypted: machine.publicUrl.startsWith('https:'),
      },
      mounted.flatMap(([, { routes }]) => routes),
    )
    mountOperations(http.fastify, ground.metrics, readiness, version)
    if (only === undefined || only.includes('presence')) modules.presence.attach(http.fastify.server)
    const bound = await http.listen({ host: machine.host, port: machine.port })
    releases.push(() => http.close())
    url = `http://${hostInUrl(bound.host)}:${bound.port}`
    if (isOpenToOthers(bound.host) && !machine.publicUrl.startsWith('https://')) {
      log.warn(
        { host: bound.host },
        'Others can reach this machine’s plain HTTP. Put a proxy that speaks TLS before it, and set MUSTER_PUBLIC_URL to its https:// address',
      )
    }

    if (isolation !== null && isolation.shortfall !== null) log.warn(isolation.shortfall)
    const closed = isolation === null ? [] : await closedModes(config, isolation, machine.environment.PATH)
    const unlaunchable = await unlaunchableModes(config, machine.environment.PATH, await firstPermittedPort())
    for (const { mode, words } of [...launchWarnings(config, bound.port, isFolder), ...unlaunchable, ...closed])
      log.warn({ mode }, words)
    for (const { start, stop } of Object.values(modules)) {
      await start()
      releases.push(async () => stop())
    }
    const sweep = repeating(ground, 'kept answers', sweepMs, () => edge.idempotency.sweep())
    releases.push(() => sweep.stop())
    // Last of all: a start that fails would take the password with it.
    const firstOperator = await modules.identity.firstOperator()
    readiness.serving = true

    let stopping: Promise<void> | null = null
    return {
      url: machine.publicUrl || url,
      firstOperator,
      described: ground.described,
      lost: ground.lost,
      stop() {
        readiness.serving = false
        stopping ??= release()
        return stopping
      },
    }
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** Whoever listens beyond this machine is heard by whoever stands between. */
const isOpenToOthers = (host: string): boolean => !/^(127\.|::1$|localhost$)/.test(host)

/** What listens everywhere is reached on loopback from this machine. */
const hostInUrl = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
