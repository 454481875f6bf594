import type { PlayerId } from '@muster/protocol'
import { type Clock, timeText } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Endings } from './endings.ts'
import type { IdentityStore } from './store/index.ts'

/** What a module keeps of a player: to be shown to them, and to be erased for them. Erasing may come twice. */
export interface Personal {
  exportOf(player: PlayerId): Promise<unknown>
  erase(tx: Tx, player: PlayerId): Promise<void>
}

const auditShownMax = 10_000

const textOrNull = (atMs: number | null) => (atMs === null ? null : timeText(atMs))

export function createPersonal(ground: { clock: Clock; db: Db; store: IdentityStore; endings: Endings }): Personal {
  const { clock, db, store, endings } = ground
  return {
    exportOf: (player) =>
      db.once(async (tx) => {
        const person = (await store.players.people(tx, [player])).get(player)
        const logins = await store.logins.ofPlayer(tx, player)
        const links = await store.links.of(tx, player)
        const serverKey = await store.accounts.serverKeyOf(tx, player)
        const bans = await store.players.bansOf(tx, player)
        const acts = await store.audit.of(tx, player, auditShownMax)
        return {
          username: person?.username ?? null,
          ...(serverKey === null ? {} : { server_key: serverKey }),
          logins: logins.map((login) => ({
            id: login.id,
            created_at: timeText(login.createdAt),
            refreshed_at: timeText(login.refreshedAt),
            ended_at: textOrNull(login.endedAt),
          })),
          links: links.map(({ issuer, subject, linkedAt }) => ({ issuer, subject, linked_at: timeText(linkedAt) })),
          bans: bans.map((ban) => ({
            reason: ban.reason,
            at: timeText(ban.at),
            until: textOrNull(ban.until),
            lifted_at: textOrNull(ban.liftedAt),
          })),
          audit: acts.map(({ at, what, login, address }) => ({ at: timeText(at), what, login, address })),
        }
      }),
    async erase(tx, player) {
      await endings.end(tx, { player }, 'erased')
      const at = clock.now()
      if (await store.players.erase(tx, player, at)) await store.audit.append(tx, { at, what: 'erased', player })
    },
  }
}
