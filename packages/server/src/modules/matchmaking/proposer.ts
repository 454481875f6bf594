import { type EntryId, type MatchId, Refusal } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { MintId } from '../../platform/ids.ts'
import type { Leases } from '../../platform/lease.ts'
import type { Log } from '../../platform/log.ts'
import type { Wakes } from '../../platform/wakes.ts'
import { type Entry, type Match, membersOf, partiesOf, playersOf } from './domain.ts'
import { draftOf, openRequestOf } from './drafts.ts'
import type { Match as FoundMatch } from './engine/index.ts'
import type { Figures } from './figures.ts'
import type { MatchmakingNeeds } from './needs.ts'
import { foundPushes } from './offer-text.ts'
import type { Queue } from './queues.ts'
import type { MatchmakingStore } from './store.ts'
import { leaseName, type Tenure } from './tenure.ts'

export interface ProposerNeeds {
  clock: Clock
  mintId: MintId
  db: Db
  leases: Leases
  wakes: Wakes
  log: Log
  store: Pick<MatchmakingStore, 'entriesOf' | 'takeForMatches' | 'addMatches' | 'noteLast'>
  figures: Figures
  push: MatchmakingNeeds['push']
  peopleOf: MatchmakingNeeds['peopleOf']
  openSession: MatchmakingNeeds['openSession']
}

/** A newer holder of the lease acts now. */
class Fenced extends Error {}

/** Sessions are opened one by one, so matches that need no accepting are written a few at a time. */
const openedTogetherMax = 20
/** How soon the session of a match that needed no accepting is looked at first. */
const firstLookMs = 1_000

/**
 * Turns what the engine found into rows: each batch in one transaction that proves that this process still holds the
 * lease and that every entry of a match still searches. A match that lost one of its entries is dropped, and the others
 * wait on. Whatever the outcome is not known of is read again.
 */
export function createProposer(needs: ProposerNeeds, options: { batchMax: number }) {
  const { clock, mintId, db, leases, wakes, log, store, figures } = needs

  async function write(tx: Tx, tenure: Tenure, queue: Queue, drafts: readonly Match[]): Promise<Set<MatchId>> {
    if (!(await leases.guard(tx, leaseName, tenure.fence))) throw new Fenced()
    const proposals = drafts.map((match) => ({ match: match.id, entries: partiesOf(match).map(({ entry }) => entry) }))
    const taken = new Set(await store.takeForMatches(tx, proposals, queue.needsAccepting ? 'matched' : 'confirmed'))
    const matches = drafts.filter(({ id }) => taken.has(id))
    if (matches.length === 0) return taken
    if (!queue.needsAccepting) await store.noteLast(tx, membersOf(matches.flatMap(partiesOf)), clock.now())
    const written: (Match & { dueAt: number })[] = []
    for (const match of matches) {
      if (queue.needsAccepting) written.push({ ...match, dueAt: match.expiresAt ?? clock.now() })
      else {
        const session = await needs.openSession(tx, openRequestOf(match))
        written.push({ ...match, session, dueAt: clock.now() + firstLookMs })
      }
    }
    await store.addMatches(tx, written)
    await needs.push(tx, written.flatMap(foundPushes))
    afterCommit(tx, () => wakes.wake('player', written.flatMap(playersOf)))
    return taken
  }

  async function draft(queue: Queue, found: readonly FoundMatch[], rows: readonly Entry[]): Promise<Match[]> {
    const entries = new Map<string, Entry>(rows.map((entry) => [entry.id, entry]))
    const people = await needs.peopleOf(rows.flatMap((entry) => entry.players))
    const now = clock.now()
    return found.flatMap((one) => draftOf(one, { id: mintId('match'), queue, entries, people, now }) ?? [])
  }

  function noteMade(tenure: Tenure, queue: Queue, matches: readonly Match[]): void {
    const now = clock.now()
    for (const match of matches) {
      figures.matched(queue.name)
      for (const { entry } of partiesOf(match)) {
        const since = tenure.pool.sinceOf(entry)
        if (since !== null) figures.waited(queue.name, now - since)
        tenure.pool.matched(entry, now)
      }
    }
  }

  /** Answers how many matches were made. */
  async function batch(tenure: Tenure, queue: Queue, found: readonly FoundMatch[]): Promise<number> {
    const ids = found.flatMap((match) => match.teams.flat()) as EntryId[]
    try {
      const rows = await db.once((tx) => store.entriesOf(tx, ids))
      const drafts = await draft(queue, found, rows)
      const made =
        drafts.length === 0 ? new Set<MatchId>() : await db.transact((tx) => write(tx, tenure, queue, drafts))
      const matches = drafts.filter(({ id }) => made.has(id))
      noteMade(tenure, queue, matches)
      return matches.length
    } catch (error) {
      if (error instanceof Fenced) throw error
      log.warn({ err: error, queue: queue.name, matches: found.length }, 'matches could not be written')
      if (error instanceof Refusal || found.length === 1) return 0
      // One of them may be what cannot be written; it must not keep the others from their match.
      let made = 0
      for (const one of found) made += await batch(tenure, queue, [one])
      return made
    } finally {
      for (const id of ids) if (tenure.pool.isOut(id)) tenure.unsure.add(id)
    }
  }

  return {
    /** Answers how many matches were made; null where a newer holder of the lease was met. */
    async propose(tenure: Tenure, queue: Queue, found: readonly FoundMatch[]): Promise<number | null> {
      const size = queue.needsAccepting ? options.batchMax : Math.min(options.batchMax, openedTogetherMax)
      let made = 0
      try {
        for (let at = 0; at < found.length; at += size) {
          made += await batch(tenure, queue, found.slice(at, at + size))
        }
        return made
      } catch (error) {
        if (error instanceof Fenced) return null
        throw error
      }
    },
  }
}

export type Proposer = ReturnType<typeof createProposer>
