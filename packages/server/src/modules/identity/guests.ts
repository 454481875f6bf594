import { type PlayerId, Refusal, type Tokens } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { Random } from '../../platform/random.ts'
import type { IdentityOptions } from './config.ts'
import { guestNick, namelessGuest, nickKey, tagDigitsMax, tagDigitsMin } from './domain.ts'
import type { FreshLogin, Logins } from './logins.ts'
import type { IdentityStore } from './store/index.ts'
import type { Throttle } from './throttle.ts'

/** Makes guests: players under a nick of their own, without an account. Those who come in a crowd are written together. */
export interface Guests {
  /** Repeated with the same player id, it finds whom it made the first time. */
  create(guest: { player: PlayerId; name: string | null }, address: string): Promise<Tokens>
  /** Gives a guest another name, with a tag that makes it unique. Null where there is no such guest. */
  rename(player: PlayerId, name: string): Promise<string | null>
}

/** Each try has a tag of one figure more, so the last finds nearly nothing taken. */
const triesMax = 8
/** Names that many guests chose are remembered with the length of tag that was free last. */
const crowdedNamesMax = 1_000

export function createGuests(
  ground: { clock: Clock; random: Random; db: Db; store: IdentityStore; logins: Logins; throttle: Throttle },
  options: Pick<IdentityOptions, 'guestBatchMax' | 'guestsWaitingMax'>,
): Guests {
  const { clock, random, db, store, logins, throttle } = ground
  const crowded = new Map<string, number>()

  interface Attempt {
    player: PlayerId
    nick: string
    fresh: FreshLogin
  }
  const batch = {
    delayMs: 0,
    batchMax: options.guestBatchMax,
    waitingMax: options.guestsWaitingMax,
    refuse: () => new Refusal('BUSY', { retryAfterS: 1 }),
  }
  const write = gather(clock, batch, async (attempts: Attempt[]) => {
    const rows = attempts.map(({ player, nick, fresh }) => ({
      ...{ id: player, nick, nickKey: nickKey(nick), login: fresh.login },
    }))
    const made = new Set(await db.once((tx) => store.players.createGuests(tx, rows)))
    return attempts.map((attempt) => made.has(attempt.player))
  })

  /** Tries nicks for a name until one is free. */
  async function underFreeNick<T>(name: string, attempt: (nick: string) => Promise<T | null>): Promise<T> {
    const first = crowded.get(name) ?? tagDigitsMin
    for (let tries = 0; tries < triesMax; tries++) {
      const digits = Math.min(first + tries, tagDigitsMax)
      const done = await attempt(guestNick(name, digits, random.fraction()))
      if (done === null) continue
      if (digits > first) remember(name, digits)
      return done
    }
    throw new Refusal('BUSY', { detail: 'This name is crowded. Choose another, or try again.', retryAfterS: 1 })
  }

  function remember(name: string, digits: number) {
    for (const oldest of crowded.keys()) {
      if (crowded.size < crowdedNamesMax) break
      crowded.delete(oldest)
    }
    crowded.set(name, digits)
  }

  /** Of a request that was repeated after a crash: the guest is there, only the answer was lost. */
  async function comeBack(player: PlayerId, fresh: FreshLogin): Promise<Tokens | null> {
    const request = { player, passwordHash: null, login: fresh.login, audit: null }
    const bearer = await db.once((tx) => store.logins.open(tx, request))
    return bearer === null ? null : logins.tokensOf(bearer, fresh)
  }

  return {
    async create({ player, name }, address) {
      await throttle.guest(address)
      const fresh = logins.fresh(address)
      return underFreeNick(name ?? namelessGuest, async (nick) => {
        if (!(await write({ player, nick, fresh }))) return comeBack(player, fresh)
        return logins.tokensOf({ player, nick, guest: true, endsAt: fresh.login.endsAt }, fresh)
      })
    },
    rename: (player, name) =>
      underFreeNick<{ nick: string | null }>(name.normalize('NFC'), async (nick) => {
        const outcome = await db.once((tx) => store.players.rename(tx, player, nick, nickKey(nick)))
        if (outcome === 'taken') return null
        return { nick: outcome === 'gone' ? null : nick }
      }).then((renamed) => renamed.nick),
  }
}
