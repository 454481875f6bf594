import type { BodyOf, Entry, GoodBodyOf, Match, MatchOffer, matchmakingContracts } from '@muster/protocol'
import { MusterError } from './errors.ts'
import { type Http, pause } from './http.ts'

/** A confirmed match: where to connect, and with what. */
export interface FoundMatch {
  match: Match
  ticket: string
  connectToken: string | null
}

export interface FindMatchOptions extends BodyOf<typeof matchmakingContracts.createEntry> {
  /** Asked for every found match; accepts unless told. */
  onOffer?: (offer: MatchOffer) => 'accept' | 'decline' | 'silent' | Promise<'accept' | 'decline' | 'silent'>
  /** Told at every change while waiting. */
  onChange?: (entry: Entry) => void
  signal?: AbortSignal
}

/** The search ended without a match; `reason` says why. */
export class SearchEnded extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(`The search ended: ${reason}.`)
    this.name = 'SearchEnded'
    this.reason = reason
  }
}

export interface Matchmaking {
  queues(): Promise<GoodBodyOf<typeof matchmakingContracts.listQueues>['queues']>
  join(entry: BodyOf<typeof matchmakingContracts.createEntry>): Promise<Entry>
  /** Own entry; with `waitS`, answers when it changes or the wait is over. */
  entry(options?: { waitS?: number; signal?: AbortSignal }): Promise<Entry>
  leave(): Promise<void>
  accept(matchId: string): Promise<void>
  decline(matchId: string): Promise<void>
  /** Joins, answers offers, and resolves with the match that was confirmed. Throws SearchEnded otherwise. */
  findMatch(options: FindMatchOptions): Promise<FoundMatch>
}

const longPollS = 25

export function createMatchmaking(http: Http): Matchmaking {
  const own = '/matchmaking/entries/me'
  const answer = async (matchId: string, what: 'accept' | 'decline') => {
    await http({ method: 'POST', path: `/matchmaking/matches/${matchId}/${what}`, signedIn: true })
  }

  const matchmaking: Matchmaking = {
    queues: async () =>
      (await http<GoodBodyOf<typeof matchmakingContracts.listQueues>>({ method: 'GET', path: '/queues' })).body.queues,
    join: async (body) =>
      (await http<Entry>({ method: 'POST', path: '/matchmaking/entries', body, signedIn: true, repeatable: true }))
        .body,
    entry: async ({ waitS, signal } = {}) =>
      (
        await http<Entry>({
          method: 'GET',
          path: own,
          query: { wait_s: waitS },
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
      let entry = await matchmaking.join(body)
      const answered = new Set<string>()
      for (;;) {
        onChange?.(entry)
        if (signal?.aborted) {
          await matchmaking.leave().catch(() => undefined)
          throw new SearchEnded('left')
        }
        const { status, match, ticket, offer } = entry
        if (status === 'cancelled') throw new SearchEnded(entry.reason ?? 'unknown')
        if (status === 'match_confirmed' && match !== undefined && ticket !== undefined) {
          return { match, ticket, connectToken: entry.connect_token ?? null }
        }
        if (status === 'match_found' && offer !== undefined && !offer.you_accepted && !answered.has(offer.match_id)) {
          answered.add(offer.match_id)
          await respond(offer)
        }
        entry = await next(signal)
      }

      async function respond(offer: MatchOffer) {
        const choice = (await onOffer?.(offer)) ?? 'accept'
        if (choice === 'silent') return
        await answer(offer.match_id, choice).catch((error: unknown) => {
          // The offer ran out or another declined meanwhile; the next reading of the entry tells.
          if (!(error instanceof MusterError) || error.status !== 409) throw error
        })
      }
    },
  }

  async function next(signal?: AbortSignal): Promise<Entry> {
    for (let tries = 1; ; tries++) {
      try {
        return await matchmaking.entry({ waitS: longPollS, signal })
      } catch (error) {
        if (signal?.aborted) return matchmaking.entry()
        if (error instanceof MusterError && error.code === 'ENTRY_NOT_FOUND') throw new SearchEnded('gone')
        if (error instanceof MusterError && error.status < 500 && error.status !== 429) throw error
        if (tries >= 20) throw error
        await pause(Math.min(5_000, 250 * 2 ** tries), signal)
      }
    }
  }
  return matchmaking
}
