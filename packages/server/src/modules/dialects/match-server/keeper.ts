import type { Clock } from '../../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../../platform/db.ts'
import type { Log } from '../../../platform/log.ts'
import { type Target, targetIn } from '../../../platform/outgoing/addresses.ts'
import type { Outgoing } from '../../../platform/outgoing/line.ts'
import type { DialectsOptions } from '../config.ts'
import type { DialectsNeeds } from '../needs.ts'
import type { MatchServerStore, Offer } from './store.ts'

export interface KeeperNeeds extends Pick<DialectsNeeds, 'offered' | 'serverAccounts'> {
  clock: Clock
  db: Db
  log: Log
  store: Pick<MatchServerStore, 'takeOffers' | 'lookAtOffers' | 'lockOffers' | 'removeOffers'>
  outgoing: Outgoing
  nudge(): void
}

/** Looks after offered servers: vouches for those that can be reached, which are gone after a while without; lets those
 *  go whose offer is over. */
export interface Keeper {
  /** Looks at these right now. */
  look(offers: readonly Offer[]): Promise<void>
  /** Looks at those that it is time to look at. */
  run(): Promise<void>
  /** Somebody should look soon. */
  nudge(): void
}

const batchMax = 200
const roundsMax = 50

export function createKeeper(needs: KeeperNeeds, options: DialectsOptions): Keeper {
  const { clock, db, log, store, outgoing, offered, serverAccounts } = needs
  const isOver = ({ revoked, expiresAt }: Offer) => revoked || expiresAt <= clock.now()

  async function vouchFor(offers: readonly Offer[]): Promise<void> {
    const reached = await Promise.all(
      offers.map(
        async ({ address, account, key }) =>
          (await serverAccounts.keyOf(account)) === key &&
          outgoing.answers(targetIn(address) as Target, options.probeTimeoutMs),
      ),
    )
    await offered.vouch(offers.filter((_, at) => reached[at]))
  }

  /** As the offers stand now: one that was made again meanwhile stays open. */
  async function closeThose(tx: Tx, servers: readonly string[]): Promise<void> {
    const offers = await store.lockOffers(tx, servers)
    await offered.close(
      tx,
      offers.filter(isOver).map(({ server }) => server),
    )
  }

  /** Of these, those that are over or gone end; answers which remain. */
  async function endThose(tx: Tx, servers: readonly string[]): Promise<Offer[]> {
    const offers = await store.lockOffers(tx, servers)
    const standings = await offered.standingsOf(tx, servers)
    const isGone = ({ server, key }: Offer) => standings.get(server)?.key !== key
    const mayLeave = (offer: Offer): boolean => {
      const standing = standings.get(offer.server)
      if (standing === undefined || standing.state !== 'draining' || !isOver(offer)) return false
      return offer.revoked ? standing.prepared === 0 : standing.sessions === 0
    }
    const leaving = offers.filter((offer) => !isGone(offer) && mayLeave(offer)).map(({ server }) => server)
    const ended = [...offers.filter(isGone).map(({ server }) => server), ...leaving]
    await store.removeOffers(tx, ended)
    await offered.end(tx, leaving, 'left', null)
    if (ended.length > 0) afterCommit(tx, () => log.info({ servers: ended }, 'offers of match servers ended'))
    return offers.filter(({ server }) => !ended.includes(server))
  }

  async function look(offers: readonly Offer[]): Promise<void> {
    if (offers.length === 0) return
    const idsOf = (some: readonly Offer[]) => some.map(({ server }) => server).sort()
    // Closed in a transaction of its own before it is looked what they play: from then on nothing is added to that.
    const over = idsOf(offers.filter(isOver))
    if (over.length > 0) await db.transact((tx) => closeThose(tx, over))
    await vouchFor(await db.transact((tx) => endThose(tx, idsOf(offers))))
  }

  return {
    look,
    async run() {
      for (let round = 0; round < roundsMax; round++) {
        const now = clock.now()
        const offers = await db.once((tx) => store.takeOffers(tx, now, now + options.probeEveryS * 1_000, batchMax))
        await look(offers)
        const soon = offers.filter(({ expiresAt }) => expiresAt > now && expiresAt < now + options.probeEveryS * 1_000)
        for (const { server, expiresAt } of soon) await db.once((tx) => store.lookAtOffers(tx, [server], expiresAt))
        if (offers.length < batchMax) return
      }
    },
    nudge: needs.nudge,
  }
}
