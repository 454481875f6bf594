import type { KeyId, LoginId, PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../../platform/db.ts'
import type { IdentityTables } from './tables.ts'

export type AuditedAct =
  | 'registered'
  | 'signed_in'
  | 'sign_in_failed'
  | 'upgraded'
  | 'password_changed'
  | 'linked'
  | 'unlinked'
  | 'logged_out'
  | 'logged_out_everywhere'
  | 'token_reused'
  | 'banned'
  | 'unbanned'
  | 'key_created'
  | 'key_revoked'
  | 'erased'

/** Who did what, when. It names nobody: ids, and an address as the policy has it. */
export interface AuditEntry {
  at: number
  what: AuditedAct
  player?: PlayerId | null
  login?: LoginId | null
  apiKey?: KeyId | null
  /** Who acted on somebody else's behalf: an operator's player id, an API key, or `command line`. */
  actor?: string | null
  address?: string | null
}

export interface AuditStore {
  append(tx: Tx, entry: AuditEntry): Promise<void>
  /** What concerns a player, oldest first. */
  of(tx: Tx, player: PlayerId, max: number): Promise<AuditEntry[]>
  /** Removes up to `max` entries from before; tells how many. */
  sweep(tx: Tx, beforeMs: number, max: number): Promise<number>
}

const tables = sqlOf<IdentityTables>

export const auditRow = (entry: AuditEntry) => ({
  at: entry.at,
  what: entry.what,
  player: entry.player ?? null,
  login: entry.login ?? null,
  api_key: entry.apiKey ?? null,
  actor: entry.actor ?? null,
  address: entry.address ?? null,
})

export const sqlAuditStore = (): AuditStore => ({
  async append(tx, entry) {
    await tables(tx).insertInto('identity_audit').values(auditRow(entry)).execute()
  },
  async of(tx, player, max) {
    const rows = await tables(tx)
      .selectFrom('identity_audit')
      .selectAll()
      .where('player', '=', player)
      .orderBy('id')
      .limit(max)
      .execute()
    return rows.map((row) => ({
      at: row.at,
      what: row.what as AuditedAct,
      player: row.player as PlayerId | null,
      login: row.login as LoginId | null,
      apiKey: row.api_key as KeyId | null,
      actor: row.actor,
      address: row.address,
    }))
  },
  async sweep(tx, beforeMs, max) {
    const { numAffectedRows } = await sql`
      delete from identity_audit where id in (
        select id from identity_audit where at < ${beforeMs} order by at limit ${max} for update skip locked)
    `.execute(tables(tx))
    return Number(numAffectedRows ?? 0)
  },
})
