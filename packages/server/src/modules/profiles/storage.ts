import { type PlayerId, Refusal } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { ProfilesOptions } from './config.ts'
import type { Address, ProfilesStore, StoredObject } from './store.ts'

/** What the caller believes to be there: a version, anything (`*`), nothing, or no matter what. */
export type Expected = { version: string } | 'something' | 'nothing' | 'whatever'

export interface Storage {
  read(at: Address): Promise<StoredObject>
  list(player: PlayerId, collection: string): Promise<StoredObject[]>
  write(at: Address, value: unknown, expected: Expected): Promise<{ object: StoredObject; isNew: boolean }>
  remove(at: Address, expected: Expected): Promise<void>
}

/** `If-Match` and `If-None-Match` as RFC 9110 has them, for a single strong tag, whose shape the contract has seen to. */
export function expectedOf(headers: { 'if-match'?: string; 'if-none-match'?: '*' }): Expected {
  const tag = headers['if-match']?.trim()
  if (tag === '*') return 'something'
  if (tag === undefined) return headers['if-none-match'] === '*' ? 'nothing' : 'whatever'
  return { version: tag.slice(1, -1) }
}

function refuseUnlessExpected(found: StoredObject | null, expected: Expected): void {
  if (expected === 'whatever') return
  const fits =
    expected === 'nothing'
      ? found === null
      : found !== null && (expected === 'something' || String(found.version) === expected.version)
  if (!fits) throw new Refusal('VERSION_CONFLICT')
}

export function createStorage(
  { db, clock, store }: { db: Db; clock: Clock; store: ProfilesStore },
  options: ProfilesOptions,
): Storage {
  const change = <T>(at: Address, expected: Expected, act: (tx: Tx, found: StoredObject | null) => Promise<T>) =>
    db.transact(async (tx) => {
      await store.lock(tx, at.player)
      const found = await store.read(tx, at)
      refuseUnlessExpected(found, expected)
      return act(tx, found)
    })

  return {
    async read(at) {
      const found = await db.once((tx) => store.read(tx, at))
      if (found === null) throw new Refusal('OBJECT_NOT_FOUND')
      return found
    },
    list: (player, collection) => db.once((tx) => store.list(tx, player, collection)),

    async write(at, value, expected) {
      const text = JSON.stringify(value)
      if (text === undefined) throw new Refusal('INVALID_REQUEST', { detail: 'Send the value as a JSON body.' })
      if (Buffer.byteLength(text) > options.objectBytesMax) {
        throw new Refusal('TOO_LARGE', { detail: `A stored object has at most ${options.objectBytesMax} bytes.` })
      }
      return change(at, expected, async (tx, found) => {
        if (found === null && (await store.count(tx, at.player)) >= options.objectsMax)
          throw new Refusal('STORAGE_FULL')
        const updatedAt = clock.now()
        const version = await store.write(tx, at, text, updatedAt)
        const { collection, key } = at
        return { object: { collection, key, value: text, version, updatedAt }, isNew: found === null }
      })
    },

    remove: (at, expected) =>
      change(at, expected, async (tx, found) => {
        if (found === null) throw new Refusal('OBJECT_NOT_FOUND')
        await store.remove(tx, at)
      }),
  }
}
