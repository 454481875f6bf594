import type { BodyOf, Entry, GoodBodyOf, Match, MatchOffer, matchmakingContracts } from '@muster/protocol'
import { MusterError } from './errors.ts'
import type { Http } from './http.ts'
import { jittered, pause } from './pause.ts'

/** A confirmed match: where to connect, and with what. */
export interface FoundMatch {
  match: Match
  ticket: string
  connectToken: string | null
}

export type OfferAnswer = 'accept' | 'decline' | 'silent'

export interface FollowOptions {
  /** Asked for every found match; accepts unless told. */
  onOffer?: (offer: MatchOffer) => OfferAnswer | Promise<OfferAnswer>
  /** Told at every change while waiting. */
  onChange?: (entry: Entry) => void
  /** Leaves the queue. A match that was confirmed by then is found all the same, unless it comes to nothing. */
  signal?: AbortSignal
}

export interface FindMatchOptions extends FollowOptions, BodyOf<typeof matchmakingContracts.createEntry> {}

/** The search ended without a match; `reason` says why. */
export class SearchEnded extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(`The search ended: ${reason}.`)
    this.name = 'SearchEnded'
    this.reason = reason
  }
}

export type QueueStates = GoodBodyOf<typeof matchmakingContracts.listQueues>['queues']

export interface Matchmaking {
  queues(): Promise<QueueStates>
  join(entry: BodyOf<typeof matchmakingContracts.createEntry>): Promise<Entry>
  /** Own entry; with `waitS`, answers when it is no longer at the revision `after`, or the wait is over. */
  entry(options?: { waitS?: number; after?: string; signal?: AbortSignal }): Promise<Entry>
  leave(): Promise<void>
  accept(matchId: string): Promise<void>
  decline(matchId: string): Promise<void>
  /** Joins, answers offers, and resolves with the match that was confirmed. Throws SearchEnded otherwise. */
  findMatch(options: FindMatchOptions): Promise<FoundMatch>
  /** The same for an entry that was joined before: after a page was loaded anew, say. */
  followMatch(options?: FollowOptions): Promise<FoundMatch>
}

const longPollS = 25
const pollFailuresMax = 20
const pollPauseFirstMs = 250
const pollPauseMaxMs = 5_000

export function createMatchmaking(http: Http): Matchmaking {
  const own = '/matchmaking/entries/me'
  const answer = async (matchId: string, what: 'accept' | 'decline') => {
    const path = `/matchmaking/matches/${encodeURIComponent(matchId)}/${what}`
    await http({ method: 'POST', path, signedIn: true, repeatable: true })
  }

  const matchmaking: Matchmaking = {
    queues: async () => (await http<{ queues: QueueStates }>({ method: 'GET', path: '/queues' })).body.queues,
    join: async (body) =>
      (await http<Entry>({ method: 'POST', path: '/matchmaking/entries', body, signedIn: true, repeatable: true }))
        .body,
    entry: async ({ waitS, after, signal } = {}) =>
      (
        await http<Entry>({
          method: 'GET',
          path: own,
          query: { wait_s: waitS, after },
          signedIn: true,
          signal,
          timeoutMs: (waitS ?? 0) * 1_000 + 15_000,
        })
      ).body,
    async leave() {
      await http({ method: 'DELETE', path: own, signedIn: true })
    },
    accept: (matchId) => answer(matchId, 'accept'),
    decline: (matchId) => answer(matchId, 'decline'),
    async findMatch({ onOffer, onChange, signal, ...body }) {
      if (signal?.aborted) throw new SearchEnded('left')
      return follow(await matchmaking.join(body), { onOffer, onChange, signal })
    },
    followMatch: async (options = {}) => follow(await found(matchmaking.entry()), options),
  }
  return matchmaking

  async function follow(joined: Entry, { onOffer, onChange, signal }: FollowOptions): Promise<FoundMatch> {
    const answered = new Set<string>()
    let leaving = false
    let told: string | null = null
    for (let entry = joined; ; entry = await next(entry, leaving ? undefined : signal)) {
      const { status, match, ticket, offer, revision } = entry
      // A poll that ran out says nothing new.
      if (revision !== told) onChange?.(entry)
      told = revision
      if (status === 'cancelled') throw new SearchEnded(entry.reason ?? 'unknown')
      if (status === 'match_confirmed' && match !== undefined && 'session_id' in match && ticket !== undefined) {
        return { match, ticket, connectToken: entry.connect_token ?? null }
      }
      // A confirmed match that came to nothing puts the entry back into its queue, which it can be left from again.
      if (signal?.aborted && (!leaving || status === 'searching')) {
        leaving = true
        if (await left()) throw new SearchEnded('left')
      }
      if (status === 'match_found' && offer !== undefined && !offer.you_accepted && !answered.has(offer.match_id)) {
        answered.add(offer.match_id)
        await respond(offer, (await onOffer?.(offer)) ?? 'accept')
      }
    }
  }

  /** False where it is too late to leave: the match is confirmed. */
  async function left(): Promise<boolean> {
    try {
      await matchmaking.leave()
      return true
    } catch (error) {
      if (error instanceof MusterError && error.code === 'ENTRY_NOT_FOUND') return true
      if (error instanceof MusterError && error.status === 409) return false
      throw error
    }
  }

  async function respond(offer: MatchOffer, choice: OfferAnswer) {
    if (choice === 'silent') return
    await answer(offer.match_id, choice).catch((error: unknown) => {
      // The offer ran out or another declined meanwhile; the next reading of the entry tells.
      if (!(error instanceof MusterError) || (error.status !== 409 && error.status !== 404)) throw error
    })
  }

  /** The entry's next state; the last one where `signal` ended the wait. */
  async function next(last: Entry, signal: AbortSignal | undefined): Promise<Entry> {
    for (let failures = 1; ; failures++) {
      try {
        return await found(matchmaking.entry({ waitS: longPollS, after: last.revision, signal }))
      } catch (error) {
        if (signal?.aborted) return last
        if (error instanceof SearchEnded || failures >= pollFailuresMax || !mayPass(error)) throw error
        const toldMs = error instanceof MusterError ? (error.retryAfterS ?? 0) * 1_000 : 0
        await pause(Math.max(toldMs, jittered(Math.min(pollPauseMaxMs, pollPauseFirstMs * 2 ** failures))), signal)
      }
    }
  }
}

const mayPass = (error: unknown): boolean =>
  !(error instanceof MusterError) || error.status >= 500 || error.status === 429

async function found(entry: Promise<Entry>): Promise<Entry> {
  try {
    return await entry
  } catch (error) {
    if (error instanceof MusterError && error.code === 'ENTRY_NOT_FOUND') throw new SearchEnded('gone')
    throw error
  }
}
