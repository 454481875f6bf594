import type { GoodBodyOf, profileContracts } from '@muster/protocol'
import type { Http } from './http.ts'

export type StoredObject = GoodBodyOf<typeof profileContracts.readStored>
export type StoredKeys = GoodBodyOf<typeof profileContracts.listStored>['objects']

/** Which version a write may replace: one that was read before, or `none` where nothing may stand there yet. Any, unless
 *  told. Throws VERSION_CONFLICT otherwise. */
export interface OnlyOver {
  over?: string
}

/** What a player keeps with Muster: any JSON, by collection and key. */
export interface Storage {
  list(collection: string): Promise<StoredKeys>
  get(collection: string, key: string): Promise<StoredObject>
  put(collection: string, key: string, value: unknown, only?: OnlyOver): Promise<StoredObject>
  delete(collection: string, key: string, only?: OnlyOver): Promise<void>
}

export function createStorage(http: Http): Storage {
  const at = (collection: string, key?: string) =>
    `/players/me/storage/${[collection, ...(key === undefined ? [] : [key])].map(encodeURIComponent).join('/')}`
  return {
    list: async (collection) =>
      (await http<{ objects: StoredKeys }>({ method: 'GET', path: at(collection), signedIn: true })).body.objects,
    get: async (collection, key) =>
      (await http<StoredObject>({ method: 'GET', path: at(collection, key), signedIn: true })).body,
    put: async (collection, key, value, only) =>
      (
        await http<StoredObject>({
          method: 'PUT',
          path: at(collection, key),
          body: value,
          headers: conditionOf(only),
          signedIn: true,
          // With a condition, a repetition would meet its own first try and be refused.
          repeatable: only?.over === undefined,
        })
      ).body,
    async delete(collection, key, only) {
      await http({ method: 'DELETE', path: at(collection, key), headers: conditionOf(only), signedIn: true })
    },
  }
}

function conditionOf({ over }: OnlyOver = {}): Record<string, string> {
  if (over === undefined) return {}
  return over === 'none' ? { 'if-none-match': '*' } : { 'if-match': `"${over}"` }
}
