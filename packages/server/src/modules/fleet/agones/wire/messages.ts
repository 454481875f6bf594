import type { Counter, List } from '../game-server.ts'
import type { ShownServer } from '../sdk.ts'
import { SdkRefusal } from '../sdk-refusal.ts'

/**
 * Messages as the proto files name their fields. A whole number of 64 bits is text, as JSON has it by the rules of
 * protobuf, and what has no more than its default is left out.
 */
export type Message = Readonly<Record<string, unknown>>

const seconds = (atMs: number) => String(Math.floor(atMs / 1_000))
const isAddress = (host: string) => host.includes(':') || /^\d+(\.\d+){3}$/.test(host)

/** No number above it is meant, and none of them is exact here. */
const numberMax = Number.MAX_SAFE_INTEGER

const each = <One>(all: Readonly<Record<string, One>>, shape: (one: One) => Message): Message =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, shape(one)]))

export const counterMessage = (name: string, { count, capacity }: Counter): Message => ({
  ...{ name, count: String(count), capacity: String(capacity) },
})
export const listMessage = (name: string, { capacity, values }: List): Message => ({
  ...{ name, capacity: String(capacity), values },
})

/** What the session is stands in labels and annotations, as a Kubernetes object would have it. Nothing that opens anything
 *  does: a server finds its report token and its ticket key in its environment alone. */
export function gameServerMessage(server: ShownServer): Message {
  const { facts, health, generation, state, labels, annotations, counters, lists, players } = server
  return {
    object_meta: {
      ...{ name: facts.server, namespace: 'muster', uid: facts.instance },
      ...{ resource_version: String(generation), generation: String(generation) },
      creation_timestamp: seconds(facts.createdAt),
      labels: {
        'muster/session-id': facts.session,
        'muster/mode': facts.mode,
        ...(facts.region === null ? {} : { 'muster/region': facts.region }),
        ...labels,
      },
      annotations: {
        'muster/max-players': String(facts.slots),
        ...(facts.brief === null ? {} : { 'muster/match': JSON.stringify(facts.brief) }),
        ...annotations,
      },
    },
    spec: {
      health: {
        disabled: health.disabled,
        period_seconds: health.periodSeconds,
        failure_threshold: health.failureThreshold,
        initial_delay_seconds: health.initialDelaySeconds,
      },
    },
    status: {
      state,
      address: facts.host,
      addresses: [{ type: isAddress(facts.host) ? 'ExternalIP' : 'Hostname', address: facts.host }],
      ports: [{ name: 'default', port: facts.port }],
      players: { count: String(players.ids.length), capacity: String(players.capacity), ids: players.ids },
      counters: each(counters, ({ count, capacity }) => ({ count: String(count), capacity: String(capacity) })),
      lists: each(lists, ({ capacity, values }) => ({ capacity: String(capacity), values })),
    },
  }
}

/** Drops what has no more than its default, as a gateway writes JSON. */
export function withoutDefaults(message: Message): Message {
  const kept = Object.entries(message).flatMap(([name, value]): [string, unknown][] => {
    if (value === null || value === undefined || value === '' || value === 0 || value === '0' || value === false) {
      return []
    }
    if (Array.isArray(value)) {
      const all = value.map((one) => (isMessage(one) ? withoutDefaults(one) : one))
      return all.length === 0 ? [] : [[name, all]]
    }
    if (!isMessage(value)) return [[name, value]]
    const inner = isMap(name) ? mapWithoutDefaults(value) : withoutDefaults(value)
    return isMap(name) && Object.keys(inner).length === 0 ? [] : [[name, inner]]
  })
  return Object.fromEntries(kept)
}

/** An entry of a map stays, whatever it holds. */
const mapWithoutDefaults = (map: Message): Message =>
  Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, isMessage(value) ? withoutDefaults(value) : value]),
  )
const maps = new Set(['labels', 'annotations', 'counters', 'lists'])
const isMap = (name: string) => maps.has(name)
export const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function textIn(message: Message, name: string): string {
  const value = message[name] ?? ''
  if (typeof value !== 'string') throw new SdkRefusal('INVALID_ARGUMENT', `${name} is text.`)
  return value
}

/** A whole number, as a number or as text; null where none is given. */
export function numberIn(message: Message, name: string): number | null {
  const given = message[name] ?? null
  // A number that may be left out comes wrapped over gRPC.
  const value = isMessage(given) ? (given.value ?? 0) : given
  if (value === null) return null
  const number = typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw new SdkRefusal('INVALID_ARGUMENT', `${name} is a whole number.`)
  }
  if (Math.abs(number) > numberMax) throw new SdkRefusal('OUT_OF_RANGE', `${name} is at most ${numberMax}.`)
  return number
}

export function messageIn(message: Message, name: string): Message {
  const value = message[name]
  if (!isMessage(value)) throw new SdkRefusal('INVALID_ARGUMENT', `${name} is missing.`)
  return value
}

export function textsIn(message: Message, name: string): string[] {
  const value = message[name] ?? []
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) {
    throw new SdkRefusal('INVALID_ARGUMENT', `${name} is a list of text.`)
  }
  return value
}
