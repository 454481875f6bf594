import { Closed } from '@muster/protocol'
import Type, { type Static, type TProperties } from 'typebox'

/** As Agones has it: no list may be made longer. */
export const listCapacityMax = 1_000

/** What a studio may call a counter or a list. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
const Name = Type.String({ pattern: '^[\\s\\S]*$' })
/** What stands under a name of the studio's own needs a default for its options to be filled in. */
const Part = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { default: {}, additionalProperties: false })
const Port = Type.Integer({ minimum: 1, maximum: 65_535 })

/** Of health, names and meanings are those of an Agones manifest, so that a block of one can be copied here. */
export const healthOptions = Type.Object(
  {
    disabled: Type.Boolean({ default: false, description: 'The server sends no health pings' }),
    initialDelaySeconds: Type.Integer({
      default: 5,
      minimum: 0,
      maximum: 3_600,
      description: 'After its start, how long no ping is missed',
    }),
    periodSeconds: Type.Integer({
      default: 5,
      minimum: 1,
      maximum: 3_600,
      description: 'A period without a ping is a missed one',
    }),
    failureThreshold: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 1_000,
      description: 'So many missed in a row, and the server is unhealthy: its session is lost, its process is stopped',
    }),
  },
  { default: {}, additionalProperties: false },
)
export type HealthOptions = Static<typeof healthOptions>

/** What servers of a mode are offered of the Agones SDK's protocol. */
export const agonesOptions = Closed({
  ports: Type.Tuple([Port, Port], {
    description: 'First and last port on loopback where a server finds its SDK, one each; no server listens there',
  }),
  health: healthOptions,
  counters: Type.Record(
    Name,
    Part({
      count: Type.Integer({ default: 0, minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'At its start' }),
      capacity: Type.Integer({
        default: 1_000,
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Most it may count to',
      }),
    }),
    { default: {}, maxProperties: 64, description: 'Counters that a server has; it can make none itself' },
  ),
  lists: Type.Record(
    Name,
    Part({
      capacity: Type.Integer({
        default: listCapacityMax,
        minimum: 0,
        maximum: listCapacityMax,
        description: 'Most values it may hold',
      }),
      values: Type.Array(Type.String({ maxLength: 256 }), {
        default: [],
        maxItems: listCapacityMax,
        description: 'At its start',
      }),
    }),
    { default: {}, maxProperties: 64, description: 'Lists that a server has; it can make none itself' },
  ),
  anyProcess: Type.Boolean({
    default: false,
    description:
      'Answer every process of this machine, not only the server’s own: for one that runs in a container. On Linux alone the two can be told apart',
  }),
})
export type AgonesOptions = Static<typeof agonesOptions>

/** What a schema cannot say of it, by option. */
export const agonesComplaints = (
  { ports: [from, to], counters, lists }: AgonesOptions,
  launch: { processesMax: number },
): string[] => [
  ...(from > to ? [`ports: the first, ${from}, is above the last, ${to}`] : []),
  ...(from <= to && to - from + 1 < launch.processesMax
    ? [`ports: ${to - from + 1} ports are too few for ${launch.processesMax} processes`]
    : []),
  ...Object.entries({ counters, lists }).flatMap(([kind, named]) =>
    Object.keys(named)
      .filter((name) => !namePattern.test(name))
      .map((name) => `${kind}: ${JSON.stringify(name)} is no name: letters, digits, dots and dashes, at most 63`),
  ),
  ...Object.entries(counters)
    .filter(([, { count, capacity }]) => count > capacity)
    .map(([name, { count, capacity }]) => `counters.${name}: ${count} is above its capacity, ${capacity}`),
  ...Object.entries(lists).flatMap(([name, { values, capacity }]) => [
    ...(values.length > capacity ? [`lists.${name}: ${values.length} values are above its capacity, ${capacity}`] : []),
    ...(new Set(values).size < values.length ? [`lists.${name}: a value stands in it twice`] : []),
  ]),
]
