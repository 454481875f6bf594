import type { PlayerId } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Leaving } from './leaving.ts'
import type { SessionStore } from './store.ts'

const textOrNull = (at: number | null) => (at === null ? null : timeText(at))

/** What is kept of a player here: told to the player, and taken out when the account is erased. */
export function createPersonal({ db, store, leaving }: { db: Db; store: SessionStore; leaving: Leaving }) {
  return {
    async exportOf(player: PlayerId): Promise<unknown> {
      const kept = await db.once((tx) => store.seatsOf(tx, player))
      return kept.map(({ id, kind, mode, state, seat, ...times }) => ({
        session_id: id,
        ...{ kind, mode, state },
        created_at: timeText(times.requestedAt),
        started_at: textOrNull(times.startedAt),
        ended_at: textOrNull(times.endedAt),
        seat: {
          ...{ nick: seat.nick, team: seat.team, role: seat.role, state: seat.state },
          joined_at: textOrNull(seat.joinedAt),
          gave_up_at: textOrNull(seat.gaveUpAt),
        },
      }))
    },

    /** A running session keeps the player's id until it ends, for its server may still name it; then that goes too. */
    async erase(tx: Tx, player: PlayerId): Promise<void> {
      for (const { id } of await store.seatsOf(tx, player)) {
        const session = await store.lock(tx, id)
        if (session === null) continue
        if (session.endedAt === null) await leaving.erase(tx, session, player)
        else await store.forget(tx, id, player)
      }
    },
  }
}
