import type { Clock } from '../../../platform/clock.ts'
import type { Db } from '../../../platform/db.ts'
import type { Log } from '../../../platform/log.ts'
import type { Secrets } from '../../../platform/secrets.ts'
import type { SigningKeyStore } from '../store/index.ts'
import {
  dueKey,
  makeSigningKey,
  oldestNeeded,
  openSigningKey,
  type RotationOptions,
  type SigningKey,
  signingNow,
} from './signing-key.ts'

/** Keeps the keys that tokens are signed with: makes the first, makes the next ahead of time, forgets the oldest. */
export interface SigningKeys {
  /** Makes what is due and reads what is there. To be called before anything else, and from time to time. */
  refresh(): Promise<void>
  signer(): SigningKey
  /** By a token's encoded header. */
  byHeader(header: string): SigningKey | undefined
  /** All keys that tokens in use may have been signed with, and the next one. */
  published(): readonly SigningKey[]
}

export function createSigningKeys(
  ground: { clock: Clock; db: Db; store: SigningKeyStore; secrets: Secrets; log: Log },
  options: RotationOptions,
): SigningKeys {
  const { clock, db, store, secrets, log } = ground
  let keys: SigningKey[] = []
  let byHeader = new Map<string, SigningKey>()

  return {
    async refresh() {
      let rows = await db.once((tx) => store.list(tx))
      const now = clock.now()
      const due = dueKey(rows, now, options)
      if (due !== null) {
        await db.once((tx) => store.add(tx, makeSigningKey(secrets, due, now)))
        rows = await db.once((tx) => store.list(tx))
        log.info({ generation: due.generation }, 'a signing key was made')
      }
      const oldest = oldestNeeded(rows, now, options)
      if (rows.some((row) => row.generation < oldest)) await db.once((tx) => store.removeBelow(tx, oldest))
      const known = new Map(keys.map((key) => [key.kid, key]))
      keys = rows
        .filter((row) => row.generation >= oldest)
        .map((row) => known.get(row.kid) ?? openSigningKey(secrets, row))
      byHeader = new Map(keys.map((key) => [key.header, key]))
    },
    signer() {
      const key = signingNow(keys, clock.now())
      if (key === undefined) throw new Error('The signing keys have not been read.')
      return key
    },
    byHeader: (header) => byHeader.get(header),
    published: () => keys,
  }
}
