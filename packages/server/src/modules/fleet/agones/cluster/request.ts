import type { SessionId } from '@muster/protocol'
import type { ClusterSource, Selector } from './config.ts'

/** What an allocated server is told of its session. */
export interface SessionFacts {
  session: SessionId
  mode: string
  slots: number
  brief: unknown
  /** What opens its reports and its tickets; null where the server does not report. */
  secrets: { server: string; apiUrl: string; reportToken: string; ticketKey: string } | null
}

/** What was asked for came to this. */
export type Answer =
  | { kind: 'given'; name: string; host: string; port: number }
  /** No server is free, or the cluster is asked too much: later, perhaps. */
  | { kind: 'full'; why: string }
  | { kind: 'failed'; why: string }

export const sessionLabel = 'muster/session-id'

/** A session's own server, where an earlier call gave one and its answer was lost: asking again gives the same. */
const ownSelector = (session: SessionId): Selector => ({
  ...{ matchLabels: { [sessionLabel]: session }, gameServerState: 'Allocated' },
})

const metadataOf = (source: ClusterSource, { session, mode, slots, brief, secrets }: SessionFacts) => ({
  labels: { ...source.labels, [sessionLabel]: session },
  annotations: {
    ...source.annotations,
    'muster/mode': mode,
    'muster/max-players': String(slots),
    'muster/match': JSON.stringify(brief),
    ...(secrets === null
      ? {}
      : {
          'muster/server-id': secrets.server,
          'muster/api-url': secrets.apiUrl,
          'muster/report-token': secrets.reportToken,
          'muster/ticket-key': secrets.ticketKey,
        }),
  },
})

const present = (parts: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  )

/** Every selector with its own, and what is common to both ways. */
function partsOf(source: ClusterSource, facts: SessionFacts) {
  const { scheduling, priorities, counters, lists } = source
  return {
    selectors: [ownSelector(facts.session), ...source.selectors],
    rest: present({ scheduling, priorities, counters, lists }),
    metadata: metadataOf(source, facts),
  }
}

/** As the Kubernetes API takes it. */
export function allocationOf(source: ClusterSource, namespace: string, facts: SessionFacts): object {
  const { selectors, rest, metadata } = partsOf(source, facts)
  return {
    ...{ apiVersion: 'allocation.agones.dev/v1', kind: 'GameServerAllocation', metadata: { namespace } },
    spec: { selectors, ...rest, metadata },
  }
}

const serviceStates = { Ready: 'READY', Allocated: 'ALLOCATED' } as const

/** As the allocator service takes it, by its proto's rules for JSON: a whole number of 64 bits is text. */
export function allocationRequestOf(source: ClusterSource, namespace: string, facts: SessionFacts): object {
  const { selectors, rest, metadata } = partsOf(source, facts)
  const gameServerSelectors = selectors.map(({ gameServerState, ...one }) => ({
    ...one,
    ...(gameServerState === undefined ? {} : { gameServerState: serviceStates[gameServerState] }),
  }))
  return wide({ namespace, gameServerSelectors, ...rest, metadata }) as object
}

/** The only numbers in a request are of 64 bits. */
const wide = (value: unknown): unknown => {
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(wide)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, wide(one)]))
}

interface Given {
  gameServerName?: unknown
  address?: unknown
  ports?: unknown
}

function givenOf({ gameServerName, address, ports }: Given, portName: string | undefined): Answer {
  const known = (Array.isArray(ports) ? ports : []) as { name?: unknown; port?: unknown }[]
  const port = (portName === undefined ? known[0] : known.find(({ name }) => name === portName))?.port
  if (typeof gameServerName !== 'string' || typeof address !== 'string' || address === '') {
    return { kind: 'failed', why: 'The answer names no server.' }
  }
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    return {
      kind: 'failed',
      why: `The server ${gameServerName} has no port${portName === undefined ? '' : ` ${portName}`}.`,
    }
  }
  return { kind: 'given', name: gameServerName, host: address, port }
}

const jsonOf = (text: string): Record<string, unknown> | null => {
  try {
    const found: unknown = JSON.parse(text)
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : null
  } catch {
    return null
  }
}

const wordsMax = 300
const failed = (status: number, text: string): Answer => ({
  ...{ kind: 'failed', why: `It answered ${status}: ${text.slice(0, wordsMax)}` },
})

/** Nothing free is 429 of the allocator service, and a server that another took meanwhile is 409. */
const fullStatus: Readonly<Record<number, string>> = { 429: 'No server is free.', 409: 'Others were quicker.' }

export function serviceAnswer(status: number, text: string, port: string | undefined): Answer {
  const full = fullStatus[status]
  if (full !== undefined) return { kind: 'full', why: full }
  const body = jsonOf(text)
  return status === 200 && body !== null ? givenOf(body, port) : failed(status, text)
}

/** The API answers with the allocation, whose status says how it went. */
export function kubernetesAnswer(status: number, text: string, port: string | undefined): Answer {
  const full = fullStatus[status]
  if (full !== undefined) return { kind: 'full', why: full }
  const found = jsonOf(text)?.status as ({ state?: unknown } & Given) | undefined
  if ((status !== 200 && status !== 201) || typeof found !== 'object' || found === null) return failed(status, text)
  if (found.state === 'UnAllocated') return { kind: 'full', why: 'No server is free.' }
  if (found.state === 'Contention') return { kind: 'full', why: 'Others were quicker.' }
  return found.state === 'Allocated' ? givenOf(found, port) : failed(status, text)
}
