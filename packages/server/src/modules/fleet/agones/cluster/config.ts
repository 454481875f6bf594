import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'
import { isSafeAddress } from '../../../../platform/outbound.ts'

const File = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))
const Texts = (description: string) =>
  Type.Record(Type.String(), Type.String({ maxLength: 65_536, description }), { default: {}, maxProperties: 64 })
/** One of some words, told as such. */
const OneOf = <Word extends string>(words: readonly Word[], options: { default?: Word; description?: string } = {}) =>
  Type.Unsafe<Word>(
    Type.Union(
      words.map((word) => Type.Literal(word)),
      options,
    ),
  )
const Count = (description: string) => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description })
const Words = (description: string) => Type.Array(Type.String({ maxLength: 256 }), { maxItems: 1_000, description })
const Named = <One extends Parameters<typeof Type.Record>[1]>(one: One) =>
  Type.Optional(Type.Record(Type.String(), one, { maxProperties: 64 }))

const Url = (description: string) =>
  Type.String({
    pattern: '^https?://',
    form: 'an address that begins with https:// or http://',
    maxLength: 500,
    description,
  })

/** A cluster of Agones, and how it is reached. Files are read at each call, for certificates and tokens are renewed. */
export const clusterOptions = Type.Object(
  {
    namespace: Type.String({
      default: 'default',
      pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
      form: '1 to 63 small letters, digits and, between them, dashes',
      description: 'Where its game servers are',
    }),
    allocator: Type.Optional(
      Closed({
        url: Url('Where it answers, by https'),
        certFile: File('Client certificate, PEM'),
        keyFile: File('Its key, PEM'),
        caFile: File('Who signed the certificate of the allocator, PEM'),
      }),
    ),
    kubernetes: Type.Optional(
      Closed({
        url: Url('Where it answers, by https'),
        caFile: File('Who signed the certificate of the cluster, PEM'),
        tokenFile: File('Bearer token of a service account'),
        certFile: File('Client certificate instead of a token, PEM'),
        keyFile: File('Its key, PEM'),
      }),
    ),
    apiUrl: Type.Optional(Url('Where its game servers reach Muster')),
    timeoutMs: Type.Integer({
      default: 5_000,
      minimum: 100,
      maximum: 60_000,
      description: 'Longest wait for an answer',
    }),
    retryMs: Type.Integer({ default: 1_000, minimum: 50, maximum: 60_000, description: 'How soon it is asked again' }),
    atOnceMax: Type.Integer({ default: 16, minimum: 3, maximum: 1_000, description: 'Most calls under way' }),
    lookEveryS: Type.Number({
      default: 5,
      minimum: 0.1,
      maximum: 300,
      description: 'How often it is looked whether allocated servers are still there; needs `kubernetes`',
    }),
    lingerS: Type.Number({
      default: 30,
      minimum: 0,
      maximum: 86_400,
      description: 'How long a server may go on after its session before it is deleted; needs `kubernetes`',
    }),
  },
  { default: {}, additionalProperties: false },
)
export type ClusterOptions = Static<typeof clusterOptions>

const selector = Closed({
  matchLabels: Type.Optional(Type.Record(Type.String(), Type.String(), { maxProperties: 64 })),
  matchExpressions: Type.Optional(
    Type.Array(
      Closed({
        key: Type.String({ minLength: 1, maxLength: 317 }),
        operator: OneOf(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: Type.Optional(Words('Of the label')),
      }),
      { maxItems: 64 },
    ),
  ),
  gameServerState: Type.Optional(OneOf(['Ready', 'Allocated'])),
  counters: Named(
    Closed({
      minCount: Type.Optional(Count('Least count')),
      maxCount: Type.Optional(Count('Most count; 0 is any')),
      minAvailable: Type.Optional(Count('Least room')),
      maxAvailable: Type.Optional(Count('Most room; 0 is any')),
    }),
  ),
  lists: Named(
    Closed({
      containsValue: Type.Optional(Type.String({ maxLength: 256 })),
      minAvailable: Type.Optional(Count('Least room')),
      maxAvailable: Type.Optional(Count('Most room; 0 is any')),
    }),
  ),
})
export type Selector = Static<typeof selector>

/** How servers of a mode are allocated. Names and meanings are those of a GameServerAllocation. */
export const clusterSource = Closed({
  cluster: Type.String({ description: 'One of fleet.clusters' }),
  selectors: Type.Array(selector, {
    default: [{}],
    minItems: 1,
    maxItems: 32,
    description: 'Which servers will do, the best first',
  }),
  scheduling: OneOf(['Packed', 'Distributed'], {
    default: 'Packed',
    description: 'Over few machines, or over all',
  }),
  priorities: Type.Array(
    Closed({
      type: OneOf(['Counter', 'List']),
      key: Type.String({ minLength: 1, maxLength: 63 }),
      order: OneOf(['Ascending', 'Descending'], { default: 'Ascending' }),
    }),
    { default: [], maxItems: 32, description: 'Which of several is taken first' },
  ),
  counters: Named(
    Closed({
      action: Type.Optional(OneOf(['Increment', 'Decrement'], { description: 'What is done to the count' })),
      amount: Type.Optional(Count('By how much')),
      capacity: Type.Optional(Count('What it becomes')),
    }),
  ),
  lists: Named(
    Closed({
      addValues: Type.Optional(Words('Put at its end')),
      deleteValues: Type.Optional(Words('Taken from it')),
      capacity: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000, description: 'What it becomes' })),
    }),
  ),
  labels: Texts('Set on the server, beside Muster’s own'),
  annotations: Texts('Set on the server, beside Muster’s own'),
  port: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 63,
      description: 'The name of the port for players; the first unless told',
    }),
  ),
  reports: Type.Boolean({
    default: false,
    description:
      'The server reports to Muster: it is given what opens its session’s reports, and its readiness is awaited',
  }),
})
export type ClusterSource = Static<typeof clusterSource>

/** What a schema cannot say of a cluster, by option. */
export function clusterComplaints({ allocator, kubernetes }: ClusterOptions): string[] {
  const ways = Object.entries({ allocator, kubernetes }).flatMap(([name, way]) =>
    way === undefined ? [] : [{ name, way }],
  )
  if (ways.length === 0) return ['allocator: without it and without `kubernetes` no server could be allocated']
  return ways.flatMap(({ name, way }) => [
    ...(isUrl(way.url) && isSafeAddress(new URL(way.url)) ? [] : [`${name}.url: must be https, or on this machine`]),
    ...((way.certFile === undefined) === (way.keyFile === undefined)
      ? []
      : [`${name}.keyFile: a certificate and its key go together`]),
  ])
}

/** What does not fit between a mode's source and its cluster, by option of the source. */
export const clusterSourceComplaints = (
  { cluster, reports, labels, annotations }: ClusterSource,
  clusters: Readonly<Record<string, ClusterOptions>>,
): string[] => {
  const known = Object.hasOwn(clusters, cluster) ? clusters[cluster] : undefined
  if (known === undefined) return [`cluster: there is no cluster ${cluster}`]
  return [
    ...(reports && known.apiUrl === undefined ? [`reports: cluster ${cluster} has no apiUrl to report to`] : []),
    ...Object.keys({ ...labels, ...annotations })
      .filter((key) => key.startsWith('muster/'))
      .map((key) => `labels: ${key} is Muster’s own`),
  ]
}

const isUrl = (text: string): boolean => URL.canParse(text)
