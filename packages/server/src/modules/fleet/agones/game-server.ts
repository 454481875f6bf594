import type { AgonesOptions } from './config.ts'
import { listCapacityMax } from './config.ts'
import { SdkRefusal } from './sdk-refusal.ts'

/**
 * What a server’s SDK knows of it, pure. Agones keeps this in a Kubernetes object; here it is kept beside the process’s
 * row, so that a Muster that takes the process over answers as the one before it did.
 *
 *   Scheduled ─► Ready ─► Allocated ─► Shutdown      (Reserved for a while, wherever; Unhealthy from anywhere)
 */
export type GameServerState = 'Scheduled' | 'Ready' | 'Allocated' | 'Reserved' | 'Shutdown' | 'Unhealthy'

export interface Counter {
  count: number
  capacity: number
}

export interface List {
  capacity: number
  values: readonly string[]
}

export interface GameServer {
  state: GameServerState
  /** Until when it is reserved; null where it is not, or for ever. */
  reservedUntil: number | null
  /** Grows with each change. */
  generation: number
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  counters: Readonly<Record<string, Counter>>
  lists: Readonly<Record<string, List>>
  players: { capacity: number; ids: readonly string[] }
}

/** A change is worked out on what is there, and refused or made as a whole. */
export type Change = (before: GameServer) => GameServer

const metadataMax = 64
const annotationBytesMax = 16_384
const annotationsBytesMax = 65_536
const valueCharsMax = 256
/** Agones sets what a server gives it apart by this. */
const prefix = 'agones.dev/sdk-'
const keyPattern = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,57}[A-Za-z0-9])?$/
const labelPattern = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/

export const lastAllocated = 'agones.dev/last-allocated'

export const freshGameServer = (
  { counters, lists }: Pick<AgonesOptions, 'counters' | 'lists'>,
  playersMax: number,
): GameServer => ({
  ...{ state: 'Scheduled', reservedUntil: null, generation: 1, labels: {}, annotations: {}, counters, lists },
  players: { capacity: playersMax, ids: [] },
})

export const isOver = ({ state }: GameServer): boolean => state === 'Shutdown' || state === 'Unhealthy'

/** What has ended stays ended. */
export const toState =
  (state: GameServerState, reservedUntil: number | null = null): Change =>
  (before) =>
    isOver(before) || (before.state === state && before.reservedUntil === reservedUntil)
      ? before
      : { ...before, state, reservedUntil }

export const allocated =
  (at: string): Change =>
  (before) =>
    isOver(before) || before.state === 'Allocated'
      ? before
      : { ...toState('Allocated')(before), annotations: { ...before.annotations, [lastAllocated]: at } }

const refuseKey = (key: string, what: string) => {
  if (keyPattern.test(key)) return
  throw new SdkRefusal(
    'INVALID_ARGUMENT',
    `A key of ${what} has letters, digits, dots, dashes and underscores, at most 59.`,
  )
}

const withEntry = (entries: Readonly<Record<string, string>>, key: string, value: string, what: string) => {
  if (!Object.hasOwn(entries, key) && Object.keys(entries).length >= metadataMax) {
    throw new SdkRefusal('RESOURCE_EXHAUSTED', `There are ${metadataMax} ${what} already.`)
  }
  return { ...entries, [key]: value }
}

export const label =
  (key: string, value: string): Change =>
  (before) => {
    refuseKey(key, 'a label')
    if (!labelPattern.test(value)) {
      throw new SdkRefusal('INVALID_ARGUMENT', 'A label has letters, digits, dots, dashes and underscores, at most 63.')
    }
    if (before.labels[prefix + key] === value) return before
    return { ...before, labels: withEntry(before.labels, prefix + key, value, 'labels') }
  }

export const annotation =
  (key: string, value: string): Change =>
  (before) => {
    refuseKey(key, 'an annotation')
    if (before.annotations[prefix + key] === value) return before
    const annotations = withEntry(before.annotations, prefix + key, value, 'annotations')
    const bytes = Object.values(annotations).reduce((sum, one) => sum + Buffer.byteLength(one), 0)
    if (Buffer.byteLength(value) > annotationBytesMax || bytes > annotationsBytesMax) {
      throw new SdkRefusal(
        'RESOURCE_EXHAUSTED',
        `An annotation holds ${annotationBytesMax} bytes at most, all of them ${annotationsBytesMax}.`,
      )
    }
    return { ...before, annotations }
  }

function named<One>(all: Readonly<Record<string, One>>, name: string, what: string): One {
  const found = Object.hasOwn(all, name) ? all[name] : undefined
  if (found === undefined) throw new SdkRefusal('NOT_FOUND', `There is no ${what} ${name}.`)
  return found
}

export const counterOf = (server: GameServer, name: string): Counter => named(server.counters, name, 'counter')
export const listOf = (server: GameServer, name: string): List => named(server.lists, name, 'list')

/** What is to become of a counter; null leaves a part as it is. */
export interface CounterUpdate {
  name: string
  count: number | null
  capacity: number | null
  countDiff: number
}

export const counter =
  ({ name, count, capacity, countDiff }: CounterUpdate): Change =>
  (before) => {
    const known = counterOf(before, name)
    if (count === null && capacity === null && countDiff === 0) {
      throw new SdkRefusal('INVALID_ARGUMENT', 'Say a count, a capacity or a difference.')
    }
    const after = { count: (count ?? known.count) + countDiff, capacity: capacity ?? known.capacity }
    if (after.capacity < 0) throw new SdkRefusal('OUT_OF_RANGE', 'A capacity is 0 or more.')
    // Agones cuts a count down to a capacity that was made smaller.
    if (count === null && countDiff === 0) after.count = Math.min(after.count, after.capacity)
    if (after.count < 0 || after.count > after.capacity) {
      throw new SdkRefusal('OUT_OF_RANGE', `A count is from 0 to its capacity, ${after.capacity}: not ${after.count}.`)
    }
    return { ...before, counters: { ...before.counters, [name]: after } }
  }

const withList = (before: GameServer, name: string, list: List): GameServer => ({
  ...before,
  lists: { ...before.lists, [name]: list },
})

/** Null leaves a part as it is. What is beyond a capacity that was made smaller is cut off. */
export const list =
  (name: string, capacity: number | null, values: readonly string[] | null): Change =>
  (before) => {
    const known = listOf(before, name)
    const room = capacity ?? known.capacity
    if (room < 0 || room > listCapacityMax) {
      throw new SdkRefusal('OUT_OF_RANGE', `A capacity is from 0 to ${listCapacityMax}: not ${room}.`)
    }
    for (const value of values ?? []) refuseValue(value)
    const distinct = [...new Set(values ?? known.values)]
    return withList(before, name, { capacity: room, values: distinct.slice(0, room) })
  }

function refuseValue(value: string): void {
  if (value.length > valueCharsMax) {
    throw new SdkRefusal('INVALID_ARGUMENT', `A value has ${valueCharsMax} characters at most.`)
  }
}

export const withValue =
  (name: string, value: string): Change =>
  (before) => {
    refuseValue(value)
    const known = listOf(before, name)
    if (known.values.includes(value)) throw new SdkRefusal('ALREADY_EXISTS', `The value stands in ${name} already.`)
    if (known.values.length >= known.capacity) throw new SdkRefusal('OUT_OF_RANGE', `The list ${name} is full.`)
    return withList(before, name, { ...known, values: [...known.values, value] })
  }

export const withoutValue =
  (name: string, value: string): Change =>
  (before) => {
    const known = listOf(before, name)
    if (!known.values.includes(value)) throw new SdkRefusal('NOT_FOUND', `The value does not stand in ${name}.`)
    return withList(before, name, { ...known, values: known.values.filter((one) => one !== value) })
  }

export const playersCapacity =
  (capacity: number): Change =>
  (before) => {
    if (capacity < 0 || capacity > listCapacityMax) {
      throw new SdkRefusal('OUT_OF_RANGE', `A capacity is from 0 to ${listCapacityMax}: not ${capacity}.`)
    }
    return { ...before, players: { ...before.players, capacity } }
  }

export const playerCame =
  (id: string): Change =>
  (before) => {
    refuseValue(id)
    const { capacity, ids } = before.players
    if (ids.includes(id)) return before
    if (ids.length >= capacity)
      throw new SdkRefusal('OUT_OF_RANGE', 'As many players are connected as there is room for.')
    return { ...before, players: { capacity, ids: [...ids, id] } }
  }

export const playerWent =
  (id: string): Change =>
  (before) =>
    before.players.ids.includes(id)
      ? { ...before, players: { ...before.players, ids: before.players.ids.filter((one) => one !== id) } }
      : before
