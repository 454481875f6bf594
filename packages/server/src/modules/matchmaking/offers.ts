import { type MatchId, type PlayerId, Refusal } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Wakes } from '../../platform/wakes.ts'
import {
  type Answer,
  fatesOf,
  hasRunOut,
  judge,
  type Match,
  membersOf,
  partiesOf,
  playersOf,
  type Reason,
  type Status,
  silentOf,
} from './domain.ts'
import { openRequestOf } from './drafts.ts'
import type { FallThrough } from './fall-through.ts'
import type { Figures } from './figures.ts'
import type { MatchmakingNeeds } from './needs.ts'
import type { MatchmakingStore } from './store.ts'

export interface OffersNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  store: Pick<MatchmakingStore, 'lockMatch' | 'changeMatch' | 'changeEntries' | 'noteLast'>
  fallThrough: FallThrough
  openSession: MatchmakingNeeds['openSession']
  figures: Figures
}

export interface Offers {
  /** May be repeated. Refuses whose match it is not, and what comes too late. */
  answer(player: PlayerId, match: MatchId, answer: Answer): Promise<Status>
  /** The same inside a transaction, without holding it against the player. */
  withdraw(tx: Tx, player: PlayerId, match: MatchId, reason: Reason): Promise<void>
  /** Lets a match fall through whose time to answer is over. */
  expire(match: MatchId): Promise<void>
}

const firstLookMs = 1_000
/** Offers are looked at twice a second. If nobody looked for so long after the end, Muster itself was away, and those
 *  who did not answer may not have been able to. */
const awayMs = 3_000

/** Gathers the answers to offered matches. Each is judged on the held row, so of any number at once one comes first. */
export function createOffers(needs: OffersNeeds): Offers {
  const { clock, db, wakes, store, fallThrough, openSession, figures } = needs

  async function confirm(tx: Tx, match: Match, accepted: PlayerId[]): Promise<void> {
    const now = clock.now()
    const parties = partiesOf(match)
    const confirmed = await store.changeEntries(
      tx,
      parties.map(({ entry }) => ({ entry, match: match.id, from: 'matched', to: 'confirmed', reason: null })),
      now,
      now,
    )
    if (confirmed.length < parties.length) throw new Error(`${match.id} is offered to entries that do not wait for it.`)
    await store.noteLast(tx, membersOf(parties), now)
    const session = await openSession(tx, openRequestOf(match))
    await store.changeMatch(tx, match.id, { state: 'confirmed', session, accepted, dueAt: now + firstLookMs }, now)
  }

  async function accept(tx: Tx, match: Match, player: PlayerId, all: boolean): Promise<Status> {
    const accepted = [...match.accepted, player]
    if (all) await confirm(tx, match, accepted)
    else await store.changeMatch(tx, match.id, { accepted }, clock.now())
    afterCommit(tx, () => {
      figures.answered(match.queue, 'accepted')
      wakes.wake('player', playersOf(match))
    })
    return 'match_found'
  }

  async function decline(tx: Tx, match: Match, player: PlayerId): Promise<Status> {
    const fates = fatesOf(match, new Map([[player, 'declined']]), 'declined')
    const heard = match.accepted
    await fallThrough(tx, match, { reason: 'declined', fates, leavers: [player], struck: [player], heard })
    afterCommit(tx, () => figures.answered(match.queue, 'declined'))
    return 'cancelled'
  }

  return {
    answer: (player, id, answer) =>
      db.transact(async (tx) => {
        const match = await store.lockMatch(tx, id)
        if (match === null) throw new Refusal('MATCH_NOT_FOUND')
        const verdict = judge(match, player, answer, clock.now())
        switch (verdict.kind) {
          case 'not_yours':
            throw new Refusal('MATCH_NOT_FOUND')
          case 'late':
            throw new Refusal('MATCH_EXPIRED')
          case 'again':
            return verdict.status
          case 'accept':
            return accept(tx, match, player, verdict.all)
          case 'decline':
            return decline(tx, match, player)
        }
      }),

    async withdraw(tx, player, id, reason) {
      const match = await store.lockMatch(tx, id)
      if (match?.state !== 'offered') return
      const fates = fatesOf(match, new Map([[player, reason]]), 'declined')
      await fallThrough(tx, match, { reason, fates, leavers: [player], struck: [], heard: match.accepted })
    },

    expire: (id) =>
      db.transact(async (tx) => {
        const match = await store.lockMatch(tx, id)
        const now = clock.now()
        if (match === null || !hasRunOut(match, now)) return
        const wasAway = now - (match.expiresAt ?? now) > awayMs
        const reason = wasAway ? 'interrupted' : 'no_answer'
        const silent = wasAway ? [] : silentOf(match)
        const fates = fatesOf(match, new Map(silent.map((player) => [player, reason])), reason)
        const heard = wasAway ? playersOf(match) : match.accepted
        await fallThrough(tx, match, { reason, fates, leavers: silent, struck: silent, heard })
        afterCommit(tx, () => figures.answered(match.queue, 'no_answer', silent.length))
      }),
  }
}
