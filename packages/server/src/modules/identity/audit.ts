import type { LoginId, PlayerId } from '@muster/protocol'
import { sql } from 'kysely'
import { sqlOf, type Tx } from '../../platform/db.ts'

/** A login that runs though its player may not play. */
export interface BannedLogin {
  login: LoginId
  player: PlayerId
}

const tables = sqlOf<unknown>

/** What identity keeps of what the laws speak of, for who checks them. */
export const identityAudit = {
  async bannedLogins(tx: Tx, now: number, max: number): Promise<BannedLogin[]> {
    const { rows } = await sql<BannedLogin>`
      select l.id as login, l.player from identity_players p join identity_logins l on l.player = p.id
      where p.banned_until > ${now} and l.ended_at is null and l.expires_at > ${now} order by l.id limit ${max}`.execute(
      tables(tx),
    )
    return rows
  },
  /** Those of the players who were erased. */
  async erasedAmong(tx: Tx, players: readonly PlayerId[]): Promise<PlayerId[]> {
    const { rows } = await sql<{ player: PlayerId }>`
      select player from identity_erased where player = any(${players}::text[])`.execute(tables(tx))
    return rows.map((row) => row.player)
  },
}
