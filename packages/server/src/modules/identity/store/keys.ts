import type { KeyId, Scope } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { IdentityTables } from './tables.ts'

export interface ApiKeyRow {
  id: KeyId
  name: string
  scopes: Scope[]
  secretHash: Buffer
  createdAt: number
  expiresAt: number | null
  lastUsedAt: number | null
  revokedAt: number | null
}

export interface ApiKeyStore {
  /** A key that exists gets the new secret instead: its first answer never reached anybody. */
  put(tx: Tx, key: Omit<ApiKeyRow, 'lastUsedAt' | 'revokedAt'>): Promise<ApiKeyRow>
  read(tx: Tx, id: KeyId): Promise<ApiKeyRow | null>
  list(tx: Tx): Promise<ApiKeyRow[]>
  /** False where it is unknown or revoked already. */
  revoke(tx: Tx, id: KeyId, at: number): Promise<boolean>
  touch(tx: Tx, used: { id: KeyId; at: number }[]): Promise<void>
}

const tables = sqlOf<IdentityTables>

const apiKeyRow = (row: {
  id: string
  name: string
  scopes: string[]
  secret_hash: Buffer
  created_at: number
  expires_at: number | null
  last_used_at: number | null
  revoked_at: number | null
}): ApiKeyRow => ({
  id: row.id as KeyId,
  name: row.name,
  scopes: row.scopes as Scope[],
  secretHash: row.secret_hash,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  revokedAt: row.revoked_at,
})

export const sqlApiKeyStore = (): ApiKeyStore => ({
  async put(tx, key) {
    const row = await tables(tx)
      .insertInto('identity_keys')
      .values({
        id: key.id,
        name: key.name,
        scopes: key.scopes,
        secret_hash: key.secretHash,
        created_at: key.createdAt,
        expires_at: key.expiresAt,
      })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ secret_hash: key.secretHash }))
      .returningAll()
      .executeTakeFirstOrThrow()
    return apiKeyRow(row)
  },
  async read(tx, id) {
    const row = await tables(tx).selectFrom('identity_keys').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : apiKeyRow(row)
  },
  async list(tx) {
    const rows = await tables(tx).selectFrom('identity_keys').selectAll().orderBy('id').execute()
    return rows.map(apiKeyRow)
  },
  async revoke(tx, id, at) {
    const row = await tables(tx)
      .updateTable('identity_keys')
      .set({ revoked_at: at })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returning('id')
      .executeTakeFirst()
    return row !== undefined
  },
  async touch(tx, used) {
    const sorted = [...used].sort((a, b) => (a.id < b.id ? -1 : 1))
    await sql`
      update identity_keys k set last_used_at = greatest(k.last_used_at, u.at)
      from unnest(${sorted.map((one) => one.id)}::text[], ${sorted.map((one) => one.at)}::bigint[]) as u (id, at)
      where k.id = u.id
    `.execute(tables(tx))
  },
})
