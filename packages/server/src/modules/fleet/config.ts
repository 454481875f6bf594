import { isIP } from 'node:net'
import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'
import { nameOption } from '../../platform/options.ts'
import { clusterComplaints, clusterOptions, clusterSource } from './agones/cluster/config.ts'
import { agonesComplaints, agonesOptions } from './agones/config.ts'

const Port = Type.Integer({ minimum: 1, maximum: 65_535 })
const Host = (description: string) =>
  Type.String({
    default: '127.0.0.1',
    minLength: 1,
    maxLength: 253,
    pattern: '^[A-Za-z0-9.:_-]+$',
    form: 'the name of a host, or an IP address',
    description,
  })

/** What one server may hold of the machine. */
const launchLimits = Type.Object(
  {
    memoryMiB: Type.Integer({
      default: 2_048,
      minimum: 32,
      maximum: 1_048_576,
      description:
        'Most memory; by the kernel for each process, and by Muster for a server with all it starts. Node wants 128 or more',
    }),
    processes: Type.Integer({
      default: 256,
      minimum: 1,
      maximum: 100_000,
      description: 'Most processes and threads, where the server has a user of its own. Node wants 16 or more',
    }),
    openFiles: Type.Integer({
      default: 4_096,
      minimum: 16,
      maximum: 1_000_000,
      description: 'Most files and connections that each process may have open',
    }),
    fileMiB: Type.Integer({
      default: 1_024,
      minimum: 1,
      maximum: 1_048_576,
      description: 'Largest file that it may write, its output among them',
    }),
  },
  { default: {}, additionalProperties: false },
)

/** How servers of a mode are started on this machine. */
export const launchSource = Closed({
  command: Type.Array(Type.String({ minLength: 1, pattern: '^[^\\u0000]+$', form: 'text without a NUL' }), {
    minItems: 1,
    maxItems: 256,
    description: 'The program and its arguments; no shell reads them',
  }),
  cwd: Type.Optional(Type.String({ minLength: 1, description: 'Working folder; that of Muster unless told' })),
  env: Type.Record(Type.String(), Type.String(), {
    default: {},
    description: 'Added to the environment; names that begin with MUSTER_ are Muster’s own',
  }),
  ports: Type.Tuple([Port, Port], { description: 'First and last port that servers of this mode may be given' }),
  processesMax: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    description: 'Most processes of this mode on one machine',
  }),
  region: Type.Optional(Type.String({ ...nameOption(64), description: 'Where these servers are' })),
  publicHost: Host('The host that players are sent to'),
  bindHost: Host('The address that a server is to listen on'),
  readyTimeoutS: Type.Number({ default: 30, minimum: 0.1, maximum: 3_600, description: 'Longest wait for readiness' }),
  lingerS: Type.Number({
    default: 2,
    minimum: 0,
    maximum: 60,
    description: 'How long a server may go on by itself after its session, to say good-bye to its players',
  }),
  stopGraceS: Type.Number({
    default: 10,
    minimum: 0,
    maximum: 600,
    description: 'How long a server may take to end by itself before it is killed',
  }),
  limits: launchLimits,
  agones: Type.Optional(agonesOptions),
})
export type LaunchSource = Static<typeof launchSource>

/** Where a mode's servers come from. */
export const serverSource = Closed({
  launch: Type.Optional(launchSource),
  agones: Type.Optional(clusterSource),
  registered: Type.Optional(
    Type.Boolean({ description: 'Use servers that registered themselves; true unless `launch` or `agones` is given' }),
  ),
})
export type ServerSource = Static<typeof serverSource>

/** Whether a mode is played on servers that registered themselves. */
export const takesRegistered = ({ launch, agones, registered }: ServerSource): boolean =>
  registered ?? (launch === undefined && agones === undefined)

/** What a schema cannot say of where servers come from, by field. */
export const sourceComplaints = ({ launch, agones, registered }: ServerSource): string[] =>
  registered === false && launch === undefined && agones === undefined
    ? ['registered: without it, `launch` and `agones` no server would ever be had']
    : []

const envName = /^(?!MUSTER_)[A-Za-z_][A-Za-z0-9_]*$/

/** No name of a host has a colon, or nothing but digits and dots. */
const isMeantAsAddress = (host: string): boolean => host.includes(':') || /^[\d.]+$/.test(host)

/** What a schema cannot say of a launch, by field. */
export const launchComplaints = ({
  env,
  ports: [from, to],
  processesMax,
  publicHost,
  bindHost,
  agones,
}: LaunchSource): string[] => [
  ...Object.keys(env)
    .filter((name) => !envName.test(name))
    .map((name) => `env: ${JSON.stringify(name)} is no variable that a mode may set`),
  ...Object.entries({ publicHost, bindHost })
    .filter(([, host]) => isMeantAsAddress(host) && isIP(host) === 0)
    .map(([name, host]) => `${name}: ${host} is no IP address`),
  ...(from > to ? [`ports: the first, ${from}, is above the last, ${to}`] : []),
  ...(from <= to && to - from + 1 < processesMax
    ? [`ports: ${to - from + 1} ports are too few for ${processesMax} processes`]
    : []),
  ...(agones === undefined ? [] : agonesComplaints(agones, { processesMax }).map((one) => `agones.${one}`)),
]

const UserId = Type.Integer({ minimum: 1_000, maximum: 4_294_967_293 })

const seconds = (value: number, minimum: number, maximum: number, description: string) =>
  Type.Number({ default: value, minimum, maximum, description })
const count = (value: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({ default: value, minimum, maximum, description })

export const fleetOptions = Closed({
  clusters: Type.Record(Type.String({ pattern: '^[\\s\\S]*$' }), clusterOptions, {
    default: {},
    description: 'Clusters of Agones, by names of your own, for modes that allocate from them',
  }),
  heartbeatIntervalS: seconds(15, 0.1, 3_600, 'How often servers are asked to beat; no beat waits for orders longer'),
  ttlS: seconds(30, 0.2, 7_200, 'A server that is silent for longer is gone'),
  sweepEveryS: seconds(1, 0.05, 2, 'How often silent servers are looked for'),
  outageS: seconds(5, 0.1, 3_600, 'If nobody looked for that long, every server gets a whole TTL anew'),
  goneKeptS: seconds(3_600, 1, 2_592_000, 'How long what has ended is kept to be asked about'),
  sweepBatchMax: count(500, 1, 10_000, 'Most servers ended, and most rows removed, in one transaction'),
  beatGatherMs: Type.Number({ default: 2, minimum: 0, maximum: 100, description: 'How long beats are gathered' }),
  beatBatchMax: count(500, 1, 10_000, 'Most beats written together'),
  beatsWaitingMax: count(20_000, 1, 1_000_000, 'Most beats waiting to be written; beyond it they are refused'),
  pollsMax: count(20_000, 0, 1_000_000, 'Most beats waiting for orders; beyond it they are answered at once'),
  lookEveryS: seconds(5, 0.1, 30, 'How often a waiting beat looks for orders by itself, should a hint be lost'),
  retellS: seconds(5, 0.1, 60, 'How soon a waiting beat is told the same orders again'),
  kickKeptS: seconds(60, 1, 3_600, 'How long a kick is repeated to a server that does not say who plays'),
  launchBeatS: seconds(5, 0.1, 3_600, 'How often the launcher says that its servers live'),
  launchLookS: seconds(1, 0.05, 10, 'How often the launcher compares processes with what is kept'),
  launchScanS: seconds(10, 0.1, 30, 'How often the launcher looks for processes that nobody knows of'),
  strayGraceS: seconds(5, 0, 20, 'How long a process that nobody knows of may take to end before it is killed'),
  launchPollMs: count(50, 5, 1_000, 'How often the output of a starting or stopping server is read'),
  logBytesMax: count(1_048_576, 4_096, 1_073_741_824, 'A server’s output file is emptied beyond this size'),
  logsKeptS: seconds(86_400, 0, 31_536_000, 'How long output files of ended servers are kept'),
  logsMax: count(500, 1, 100_000, 'Most output files kept'),
  outputLinesMax: count(40, 1, 500, 'How many last lines of a server’s output are shown'),
  inheritEnv: Type.Array(
    Type.String({
      pattern: '^(?!MUSTER_)[A-Za-z_][A-Za-z0-9_]*$',
      form: 'the name of a variable that does not begin with MUSTER_',
    }),
    {
      default: ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'SystemRoot', 'TEMP'],
      description: 'Variables of Muster’s own environment that launched servers are given, and no others',
    },
  ),
  isolation: Type.Union([Type.Literal('possible'), Type.Literal('always'), Type.Literal('never')], {
    default: 'possible',
    description:
      'Whether launched servers have a user of their own and limits: as far as possible, told at the start where it is not; or always, else nothing starts; or never',
  }),
  isolationUsers: Type.Tuple([UserId, UserId], {
    default: [200_000, 299_999],
    description: 'First and last user id that launched servers are given; nobody else may have one of them',
  }),
  isolationFolder: Type.Optional(
    Type.String({
      minLength: 1,
      pattern: '^/[^\\u0000]*$',
      form: 'a whole path, from /',
      description:
        'Where each has its HOME and TMPDIR, removed at its end; muster-servers in the system’s folder for temporary files unless told',
    }),
  ),
  onStop: Type.Union([Type.Literal('keep'), Type.Literal('drain'), Type.Literal('kill')], {
    default: 'keep',
    description:
      'What becomes of launched servers when Muster stops: they play on and are taken over at the next start; or are awaited, then stopped; or are stopped',
  }),
  stopDrainS: seconds(60, 0, 86_400, 'With onStop `drain`: how long running servers are awaited'),
})
export type FleetOptions = Static<typeof fleetOptions>

/** What a schema cannot say of the fleet, by option. A server that does what it is asked must never seem gone. */
export const fleetComplaints = (options: FleetOptions): string[] => {
  const { ttlS, heartbeatIntervalS, launchBeatS, isolationUsers, clusters } = options
  return [
    ...Object.entries({ heartbeatIntervalS, launchBeatS })
      .filter(([, intervalS]) => ttlS <= intervalS)
      .map(
        ([name, intervalS]) =>
          `ttlS: ${ttlS} is not above ${name}, ${intervalS}: servers would be gone between two beats`,
      ),
    ...(isolationUsers[0] > isolationUsers[1]
      ? [`isolationUsers: the first, ${isolationUsers[0]}, is above the last, ${isolationUsers[1]}`]
      : []),
    ...Object.entries(clusters).flatMap(([name, cluster]) => [
      ...clusterComplaints(cluster).map((one) => `clusters.${name}.${one}`),
      ...(cluster.lookEveryS * 2 + cluster.timeoutMs / 1_000 > ttlS
        ? [`clusters.${name}.lookEveryS: twice ${cluster.lookEveryS}, and one answer, must fit in ttlS, ${ttlS}`]
        : []),
    ]),
  ]
}
