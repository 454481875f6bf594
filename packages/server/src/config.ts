import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Closed } from '@muster/protocol'
import { createJiti } from 'jiti'
import Type, { type Static, type TProperties } from 'typebox'
import { checkConfig } from './config-checks.ts'
import { dialectsOptions } from './modules/dialects/config.ts'
import { fleetOptions, serverSource } from './modules/fleet/config.ts'
import { gamesOptions } from './modules/games/config.ts'
import { identityOptions } from './modules/identity/config.ts'
import { completeProviderOptions } from './modules/identity/providers/config.ts'
import { secretOf } from './modules/identity/providers/secret-file.ts'
import { matchmakingOptions, queueOptions } from './modules/matchmaking/config.ts'
import { presenceOptions } from './modules/presence/config.ts'
import { profilesOptions } from './modules/profiles/config.ts'
import { boardOptions, resultsOptions } from './modules/results/config.ts'
import { completeRatingOptions, type GivenRatingOptions } from './modules/results/ratings/index.ts'
import { sessionModeOptions, sessionsOptions } from './modules/sessions/config.ts'
import { httpOptions } from './platform/http/config.ts'
import { type Complaints, ConfigError, gatherComplaints, inspectOptions, type Partly } from './platform/options.ts'

const optional = { default: {} }

/** Things under names that the studio chooses. The value needs a default of its own for its options to be filled in. Here
 *  any name will do, so that what stands under a wrong one is looked at too. */
const named = <Properties extends TProperties>({ properties }: { properties: Properties }) =>
  Type.Record(
    Type.String({ pattern: '^[\\s\\S]*$' }),
    Type.Object(properties, { ...optional, additionalProperties: false }),
    optional,
  )

const modeOptions = Closed({ ...sessionModeOptions.properties, server: serverSource })

/** Everything that a studio decides, module by module. */
export const configSchema = Type.Object(
  {
    modes: named(modeOptions),
    queues: named(queueOptions),
    boards: named(boardOptions),
    http: Type.Object(httpOptions.properties, { ...optional, additionalProperties: false }),
    identity: Type.Object(identityOptions.properties, { ...optional, additionalProperties: false }),
    profiles: Type.Object(profilesOptions.properties, { ...optional, additionalProperties: false }),
    presence: Type.Object(presenceOptions.properties, { ...optional, additionalProperties: false }),
    fleet: Type.Object(fleetOptions.properties, { ...optional, additionalProperties: false }),
    games: Type.Object(gamesOptions.properties, { ...optional, additionalProperties: false }),
    sessions: Type.Object(sessionsOptions.properties, { ...optional, additionalProperties: false }),
    results: Type.Object(resultsOptions.properties, { ...optional, additionalProperties: false }),
    matchmaking: Type.Object(matchmakingOptions.properties, { ...optional, additionalProperties: false }),
    dialects: Type.Object(dialectsOptions.properties, { ...optional, additionalProperties: false }),
  },
  { additionalProperties: false },
)
export type Config = Static<typeof configSchema>
/** A configuration as it is written: what is left out takes its default. */
export type ConfigInput = Partly<Config>

/** Types the configuration in `muster.config.ts`; it is checked when Muster starts. */
export const defineConfig = (config: ConfigInput): ConfigInput => config

/** Checks a configuration whole, and fills in what it leaves out. `folder` is what relative paths in it start from. With
 *  `secrets`, the files of secrets that it names are looked at, too. */
export function readConfig(given: unknown, source: string, folder: string, { secrets = false } = {}): Config {
  const complaints = gatherComplaints(source)
  const complete = withCompleteProviders(withCompleteRatings(given, complaints), complaints)
  const config = inspectOptions(configSchema, complete, complaints)
  checkConfig(config, complaints)
  if (secrets) checkSecrets(config, folder, complaints)
  complaints.refuse()
  for (const { server } of Object.values(config.modes)) {
    if (server.launch !== undefined) server.launch.cwd = resolve(folder, server.launch.cwd ?? '.')
  }
  for (const { allocator, kubernetes } of Object.values(config.fleet.clusters)) {
    for (const way of [allocator, kubernetes]) resolveFiles(way, folder)
  }
  for (const provider of Object.values(config.identity.providers)) {
    if (provider.kind === 'steam') provider.keyFile = resolve(folder, provider.keyFile)
    else if (provider.clientSecretFile !== undefined) {
      provider.clientSecretFile = resolve(folder, provider.clientSecretFile)
    }
  }
  return config
}

/** Each option that names a file starts from the folder of the configuration. */
function resolveFiles(way: Record<string, string | undefined> | undefined, folder: string): void {
  for (const [name, value] of Object.entries(way ?? {})) {
    if (name.endsWith('File') && value !== undefined) (way as Record<string, string>)[name] = resolve(folder, value)
  }
}

/** Whether the secrets of sign-in providers are where the configuration says. */
function checkSecrets(config: Config, folder: string, complaints: Complaints): void {
  const providers: unknown = config.identity?.providers
  if (typeof providers !== 'object' || providers === null) return
  for (const [name, provider] of Object.entries(config.identity.providers)) {
    if (!complaints.isSound('identity', 'providers', name)) continue
    const [option, file] =
      provider.kind === 'steam' ? ['keyFile', provider.keyFile] : ['clientSecretFile', provider.clientSecretFile]
    if (file === undefined) continue
    try {
      secretOf(resolve(folder, file))
    } catch (error) {
      complaints.add(['identity', 'providers', name, option], (error as Error).message)
    }
  }
}

/** A union's complaints say little, so the rating systems are read one by one, each by its own schema. In the place of one
 *  that cannot be read another stands in, so that the rest is looked at all the same. */
function withCompleteRatings(given: unknown, complaints: Complaints): unknown {
  const { boards } = (given ?? {}) as { boards?: Record<string, { rating?: GivenRatingOptions }> }
  if (typeof boards !== 'object' || boards === null || Array.isArray(boards)) return given
  const complete = Object.entries(boards).map(([name, board]) => {
    const rating = board?.rating
    if (typeof rating !== 'object' || rating === null) return [name, board] as const
    try {
      return [name, { ...board, rating: completeRatingOptions(rating) }] as const
    } catch (error) {
      const [option = '', ...words] = (error as Error).message.split(': ')
      complaints.add(['boards', name, 'rating', option], words.join(': '))
      return [name, { ...board, rating: completeRatingOptions({ system: 'elo' }) }] as const
    }
  })
  return { ...(given as object), boards: Object.fromEntries(complete) }
}

/** The same holds for sign-in providers; one that cannot be read is left out of what else is looked at. */
function withCompleteProviders(given: unknown, complaints: Complaints): unknown {
  const { identity } = (given ?? {}) as { identity?: { providers?: Record<string, unknown> } }
  const providers = identity?.providers
  if (typeof providers !== 'object' || providers === null || Array.isArray(providers)) return given
  const complete = Object.entries(providers).flatMap(([name, one]) => {
    try {
      return [[name, completeProviderOptions(one)] as const]
    } catch (error) {
      for (const complaint of (error as Error).message.split('; ')) {
        const [option = '', ...words] = complaint.split(': ')
        complaints.add(['identity', 'providers', name, option], words.join(': '))
      }
      return []
    }
  })
  return { ...(given as object), identity: { ...identity, providers: Object.fromEntries(complete) } }
}

const fileNames = [
  'muster.config.ts',
  'muster.config.mts',
  'muster.config.js',
  'muster.config.mjs',
  'muster.config.json',
]

/** Reads the file that is named, or the first of the usual names in the working folder; without one, the defaults. Whoever
 *  serves needs its `secrets`. */
export async function loadConfig(file?: string, reading: { secrets?: boolean } = {}): Promise<Config> {
  const path = file === undefined ? fileNames.map((name) => resolve(name)).find(existsSync) : resolve(file)
  if (path === undefined) return readConfig({}, 'The default configuration', process.cwd())
  if (!existsSync(path)) throw new ConfigError(path, ['there is no such file'])
  const given = await contentOf(path)
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ConfigError(path, ['top level: must be an object of options'])
  }
  return readConfig(given, path, dirname(path), reading)
}

async function contentOf(path: string): Promise<unknown> {
  let loaded: unknown
  try {
    // As a module, a JSON file would have itself as its `default`, and so no end.
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8'))
    // The package's own name must mean this very copy of it, also where it is not installed beside the file.
    const alias = { '@muster/server': new URL(import.meta.url.replace(/config\.(js|ts)$/, 'index.$1')).pathname }
    loaded = await createJiti(import.meta.url, { alias, moduleCache: false, interopDefault: false }).import(path)
  } catch (error) {
    throw new ConfigError(path, [reasonOf(error, path)])
  }
  if (typeof loaded === 'object' && loaded !== null) {
    if ('default' in loaded) return loaded.default
    if ('__esModule' in loaded) {
      throw new ConfigError(path, ['it has no default export: begin it with `export default defineConfig({`'])
    }
  }
  return loaded
}

/** What the file's own code threw, with the line where it did. */
function reasonOf(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : `it threw ${JSON.stringify(error)}`
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const at = stack
    .slice(stack.indexOf(message) + message.length)
    .split('\n')
    .find((line) => line.includes(`${path}:`))
  const line =
    at === undefined ? undefined : /^\d+(:\d+)?/.exec(at.slice(at.indexOf(`${path}:`) + path.length + 1))?.[0]
  return line === undefined || message.includes(`${path}:`) ? message : `line ${line}: ${message}`
}

/** What differs from machine to machine, with the variable that says it. */
export const machineSettings = {
  data: { env: 'MUSTER_DATA', default: './data', help: 'Folder that keeps what must not be lost' },
  host: { env: 'HOST', default: '127.0.0.1', help: 'Address to listen on' },
  port: { env: 'PORT', default: '3000', help: 'Port to listen on; 0 for any free one' },
  publicUrl: {
    env: 'MUSTER_PUBLIC_URL',
    default: '',
    help: 'Where players reach this server, if not where it listens',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    default: '',
    help: 'A PostgreSQL; unless told, one of its own in the data folder',
  },
  databaseConnections: { env: 'MUSTER_DATABASE_CONNECTIONS', default: '20', help: 'Most connections to the database' },
  redisUrl: { env: 'REDIS_URL', default: '', help: 'A Redis or Valkey; needed only by several nodes' },
  secretFile: { env: 'MUSTER_SECRET_FILE', default: '', help: 'File with the root secret, 64 hex digits' },
  config: { env: 'MUSTER_CONFIG', default: '', help: 'Configuration file; muster.config.ts unless told' },
  logLevel: { env: 'MUSTER_LOG_LEVEL', default: 'info', help: 'trace, debug, info, warn, error, fatal or silent' },
  logFormat: { env: 'MUSTER_LOG_FORMAT', default: '', help: 'json or pretty; pretty in a terminal unless told' },
} as const
export type MachineSetting = keyof typeof machineSettings

/** What this machine says. An empty string means: not told. */
export interface Machine {
  data: string
  host: string
  port: number
  publicUrl: string
  databaseUrl: string
  databaseConnections: number
  redisUrl: string
  secretFile: string
  config: string
  logLevel: string
  logFormat: string
  /** The variables that launched servers may be given, by the fleet's allow-list. */
  environment: Readonly<Record<string, string | undefined>>
}

/** Reads the environment, with flags of the command line before it. `…_FILE` names a file that holds the value. */
export function readMachine(
  flags: Partial<Record<MachineSetting, string | undefined>> = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Machine {
  const complaints: string[] = []
  const read = (name: MachineSetting): string => {
    const { env, default: usual } = machineSettings[name]
    const given = flags[name] ?? environment[env]
    if (given !== undefined && given !== '') return given
    const file = environment[`${env}_FILE`]
    if (name === 'secretFile' || file === undefined || file === '') return usual
    if (existsSync(file)) return readFileSync(file, 'utf8').trim()
    complaints.push(`${env}_FILE: there is no file ${file}`)
    return usual
  }
  const whole = (name: MachineSetting, min: number, max: number): number => {
    const text = read(name)
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    complaints.push(`${machineSettings[name].env}: must be a whole number from ${min} to ${max}, but is ${text}`)
    return min
  }
  const oneOf = (name: MachineSetting, words: string[]): string => {
    const value = read(name)
    if (!words.includes(value))
      complaints.push(`${machineSettings[name].env}: must be one of ${words.filter(Boolean).join(', ')}`)
    return value
  }
  const machine: Machine = {
    data: read('data'),
    host: read('host'),
    port: whole('port', 0, 65_535),
    publicUrl: read('publicUrl').replace(/\/$/, ''),
    databaseUrl: read('databaseUrl'),
    databaseConnections: whole('databaseConnections', 2, 1_000),
    redisUrl: read('redisUrl'),
    secretFile: read('secretFile'),
    config: read('config'),
    logLevel: oneOf('logLevel', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    logFormat: oneOf('logFormat', ['', 'json', 'pretty']),
    environment,
  }
  if (machine.publicUrl !== '' && !/^https?:\/\//.test(machine.publicUrl)) {
    complaints.push('MUSTER_PUBLIC_URL: must begin with http:// or https://')
  }
  if (machine.redisUrl !== '' && !/^rediss?:\/\/./.test(machine.redisUrl)) {
    complaints.push('REDIS_URL: must be redis://host:port or rediss://host:port')
  }
  if (machine.databaseUrl !== '' && !/^postgres(ql)?:\/\/./.test(machine.databaseUrl)) {
    complaints.push('DATABASE_URL: must be postgres://user:password@host:port/database')
  }
  if (complaints.length > 0) throw new ConfigError('The environment', complaints)
  return machine
}
