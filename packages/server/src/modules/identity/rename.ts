import type { PlayerId } from '@muster/protocol'
import type { Db } from '../../platform/db.ts'
import { requireAccountNick } from './accounts.ts'
import type { Guests } from './guests.ts'
import type { IdentityStore } from './store/index.ts'

/** Gives a player another nick; a guest's gets a tag that makes it unique. Tells the nick as it is now, or null where
 *  there is no such player. */
export type Rename = (player: PlayerId, nick: string) => Promise<string | null>

/** A guest may become an account while this runs; nothing more can change. */
const triesMax = 2

export const createRename =
  ({ db, store, guests }: { db: Db; store: IdentityStore; guests: Guests }): Rename =>
  async (player, nick) => {
    const wanted = requireAccountNick(nick)
    for (let tries = 0; tries < triesMax; tries++) {
      const person = (await db.once((tx) => store.players.people(tx, [player]))).get(player)
      if (person === undefined) return null
      if (person.guest) {
        const renamed = await guests.rename(player, wanted)
        if (renamed !== null) return renamed
      } else if ((await db.once((tx) => store.players.rename(tx, player, wanted, null))) === 'renamed') return wanted
    }
    return null
  }
