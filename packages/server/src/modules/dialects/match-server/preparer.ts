import type { Clock } from '../../../platform/clock.ts'
import type { Db } from '../../../platform/db.ts'
import type { Log } from '../../../platform/log.ts'
import { type Target, targetIn } from '../../../platform/outgoing/addresses.ts'
import { type Answer, NotAllowed, type Outgoing } from '../../../platform/outgoing/line.ts'
import type { Brief, SessionView } from '../../sessions/index.ts'
import type { DialectsOptions } from '../config.ts'
import type { DialectsNeeds } from '../needs.ts'
import { type Credentials, signatureHeader, signatureOf } from './credentials.ts'
import { matchIdOf, prepareMatchOf } from './match-config.ts'
import type { GivenMatch, MatchServerStore, Offer } from './store.ts'

export interface PreparerNeeds
  extends Pick<DialectsNeeds, 'offered' | 'sessionsView' | 'reports' | 'reportTokenOf' | 'ticketKeyOf'> {
  clock: Clock
  db: Db
  log: Log
  store: MatchServerStore
  outgoing: Outgoing
  credentials: Credentials
}

export interface Preparer {
  /** Finds sessions that were given to offered servers, and takes the step that is due in each. Any node may, at any time. */
  run(): Promise<void>
}

type Outcome = { kind: 'prepared'; reports: boolean } | { kind: 'refused'; why: string } | { kind: 'unknown' }

const pageMax = 500
const pagesMax = 200
const batchMax = 64
const roundsMax = 50
const answerBytesMax = 65_536
const hourMs = 3_600_000
/** A server that says so is asked again. */
const passing = new Set([408, 425, 429])

/**
 * PrepareMatch: the order to run a session, pushed to the server. It is repeated until the server answers, with the same
 * match, as long as the session waits for its readiness; so the server may hear it twice. A good answer is readiness.
 * A server that declines, or is not ready in time, has its offer taken back, lest it fails the next match too.
 */
export function createPreparer(needs: PreparerNeeds, options: DialectsOptions): Preparer {
  const { clock, db, log, store, outgoing, offered, credentials, reports } = needs
  // Long enough for one asking. Whoever dies over it holds the match up no longer than that; a server may hear it twice.
  const leaseMs = options.prepareTimeoutMs + options.prepareRetryMs

  async function findNew(offers: readonly Offer[]): Promise<void> {
    const servers = offers.map(({ server }) => server)
    const waiting = await offered.assignmentsOf(servers)
    if (![...waiting.values()].some((assigned) => assigned.length > 0)) return
    const standings = await db.once((tx) => offered.standingsOf(tx, servers))
    const now = clock.now()
    const found = offers.flatMap(({ server, account }) => {
      const instance = standings.get(server)?.instance
      if (instance === undefined) return []
      return (waiting.get(server) ?? []).map(({ session, brief }) => ({
        ...{ session, match: matchIdOf(brief as Brief), server, instance, account, createdAt: now },
      }))
    })
    await db.once((tx) => store.addMatches(tx, found))
  }

  async function post(given: GivenMatch, offer: Offer): Promise<Outcome> {
    const { session, server, instance } = given
    const assigned = (await offered.assignmentsOf([server])).get(server)?.find((one) => one.session === session)
    // It has said that it is ready by other means, or lost the session meanwhile: the session itself tells.
    if (assigned === undefined) return { kind: 'unknown' }
    const body = JSON.stringify(
      prepareMatchOf(session, assigned.brief as Brief, {
        ...{ server, address: offer.address, reportToken: needs.reportTokenOf(session) },
        ticketKey: Buffer.from(needs.ticketKeyOf(server, instance)).toString('hex'),
        ticketOf: (player) => credentials.ticketOf(server, instance, session, player),
      }),
    )
    const headers = { [signatureHeader]: signatureOf(credentials.prepareKeyOf(offer.account), body, clock.now()) }
    const limits = { timeoutMs: options.prepareTimeoutMs, bytesMax: answerBytesMax }
    try {
      return outcomeOf(await outgoing.postJson(targetIn(offer.address) as Target, body, headers, limits))
    } catch (error) {
      if (error instanceof NotAllowed) return { kind: 'refused', why: error.message }
      log.debug({ err: error, session, address: offer.address }, 'a match server did not answer')
      return { kind: 'unknown' }
    }
  }

  /** Its own word ends with its failure to keep it. */
  async function takeBack(given: GivenMatch, why: string): Promise<void> {
    await db.transact(async (tx) => {
      await store.removeOffers(tx, [given.server])
      await offered.end(tx, [given.server], 'not_ready', why)
    })
    log.warn({ server: given.server, session: given.session, why }, 'a match server did not prepare its match')
  }

  /** Where nobody will tell when play begins, it begins with the readiness. */
  async function settle(given: GivenMatch): Promise<void> {
    await reports.ready(given.session, undefined)
    // An empty report of players says that there will be others: from now on, whoever is not reported has not come.
    if (given.reports) await reports.players(given.session, {})
    else await reports.started(given.session, undefined)
  }

  /** Answers when to look again; null when there is nothing more to be done with it. */
  async function step(given: GivenMatch, view: SessionView | undefined): Promise<number | null> {
    const now = clock.now()
    if (view === undefined) return null
    if (view.endedAt !== null) {
      if (!given.prepared && view.cause === 'server_not_ready') await takeBackUnlessNew(given)
      return view.endedAt + options.matchesKeptHours * hourMs <= now ? null : now + hourMs
    }
    const waits = view.state === 'preparing'
    if (given.prepared) {
      if (waits || view.state === 'loading') await settle(given)
      return now + hourMs
    }
    if (!waits) return view.state === 'requested' ? now + options.prepareRetryMs : now + hourMs
    const [offer] = await db.once((tx) => store.offersOf(tx, [given.server]))
    if (offer === undefined) return now + options.prepareRetryMs
    const outcome = await post(given, offer)
    if (outcome.kind === 'unknown') return clock.now() + options.prepareRetryMs
    if (outcome.kind === 'refused') {
      await takeBack(given, outcome.why)
      return clock.now() + hourMs
    }
    await db.once((tx) => store.notePrepared(tx, given.session, outcome.reports))
    await settle({ ...given, reports: outcome.reports })
    return clock.now() + hourMs
  }

  /** The server may have been offered anew since. */
  async function takeBackUnlessNew(given: GivenMatch): Promise<void> {
    const standing = (await db.once((tx) => offered.standingsOf(tx, [given.server]))).get(given.server)
    if (standing?.instance === given.instance) await takeBack(given, 'It did not answer PrepareMatch in time.')
  }

  async function stepSafely(given: GivenMatch, view: SessionView | undefined): Promise<void> {
    let again: number | null = clock.now() + options.prepareRetryMs
    try {
      again = await step(given, view)
    } catch (error) {
      log.warn({ err: error, session: given.session }, 'a match of an offered server could not be moved on')
    }
    const at = again
    await db.once((tx) =>
      at === null ? store.removeMatches(tx, [given.session]) : store.lookAtMatch(tx, given.session, at),
    )
  }

  return {
    async run() {
      let after: string | null = null
      for (let page = 0; page < pagesMax; page++) {
        const from: string | null = after
        const offers: Offer[] = await db.once((tx) => store.listOffers(tx, from, pageMax))
        if (offers.length > 0) await findNew(offers)
        after = offers.at(-1)?.server ?? null
        if (offers.length < pageMax) break
      }
      for (let round = 0; round < roundsMax; round++) {
        const now = clock.now()
        const due = await db.once((tx) => store.takeMatches(tx, now, now + leaseMs, batchMax))
        const views = due.length === 0 ? new Map() : await needs.sessionsView(due.map(({ session }) => session))
        await Promise.all(due.map((given) => stepSafely(given, views.get(given.session))))
        if (due.length < batchMax) return
      }
    },
  }
}

function outcomeOf({ status, text }: Answer): Outcome {
  if (status >= 200 && status < 300) return { kind: 'prepared', reports: saysThatItReports(text) }
  if (status >= 500 || passing.has(status)) return { kind: 'unknown' }
  return { kind: 'refused', why: `It answered PrepareMatch with ${status}.` }
}

function saysThatItReports(text: string): boolean {
  try {
    return (JSON.parse(text) as { reports?: unknown } | null)?.reports === true
  } catch {
    return false
  }
}
