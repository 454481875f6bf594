import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { IdentityTables } from './tables.ts'

export interface SigningKeyRow {
  /** Counts up: of several nodes that make the next one at once, one does. */
  generation: number
  kid: string
  /** The public key, as `x` of a JWK. */
  publicX: string
  /** PKCS #8, sealed under the root secret. */
  privateSealed: Buffer
  signsFrom: number
  createdAt: number
}

export interface SigningKeyStore {
  /** Oldest first. */
  list(tx: Tx): Promise<SigningKeyRow[]>
  /** Does nothing where the generation exists. */
  add(tx: Tx, key: SigningKeyRow): Promise<void>
  removeBelow(tx: Tx, generation: number): Promise<void>
}

const tables = sqlOf<IdentityTables>

export const sqlSigningKeyStore = (): SigningKeyStore => ({
  async list(tx) {
    const rows = await tables(tx).selectFrom('identity_signing_keys').selectAll().orderBy('generation').execute()
    return rows.map((row) => ({
      generation: row.generation,
      kid: row.kid,
      publicX: row.public_x,
      privateSealed: row.private_sealed,
      signsFrom: row.signs_from,
      createdAt: row.created_at,
    }))
  },
  async add(tx, key) {
    await tables(tx)
      .insertInto('identity_signing_keys')
      .values({
        generation: key.generation,
        kid: key.kid,
        public_x: key.publicX,
        private_sealed: key.privateSealed,
        signs_from: key.signsFrom,
        created_at: key.createdAt,
      })
      .onConflict((conflict) => conflict.column('generation').doNothing())
      .execute()
  },
  async removeBelow(tx, generation) {
    await tables(tx).deleteFrom('identity_signing_keys').where('generation', '<', generation).execute()
  },
})
