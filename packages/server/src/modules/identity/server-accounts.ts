import { type KeyId, type PlayerId, Refusal } from '@muster/protocol'
import type { Db } from '../../platform/db.ts'
import type { ApiKeys } from './keys/api-keys.ts'
import type { IdentityStore } from './store/index.ts'

/** Accounts of match servers. Each acts as the API key that it was registered with, so an operator has allowed it by
 *  making that key, and ends it by revoking the key. */
export interface ServerAccounts {
  /** The key of this secret. Throws FORBIDDEN for what is no live key of scope `server`. */
  keyIn(secret: string): Promise<KeyId>
  /** Null for an account that is no match server's, or whose key has ended. */
  keyOf(player: PlayerId): Promise<KeyId | null>
}

export function createServerAccounts(ground: { db: Db; store: IdentityStore; apiKeys: ApiKeys }): ServerAccounts {
  const { db, store, apiKeys } = ground
  return {
    async keyIn(secret) {
      const caller = await apiKeys.authenticate(secret)
      if (caller?.kind === 'key' && caller.scopes.includes('server')) return caller.key
      throw new Refusal('FORBIDDEN', {
        detail: '`serverUser` takes an API key of scope server. Ask an operator for one.',
      })
    },
    async keyOf(player) {
      const key = await db.once((tx) => store.accounts.serverKeyOf(tx, player))
      return key !== null && (await apiKeys.scopesOf(key)).includes('server') ? key : null
    },
  }
}
