import { type MatchCompleted, type MatchId, type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import type { Db } from '../../../platform/db.ts'
import type { SessionView } from '../../sessions/index.ts'
import type { DialectsNeeds } from '../needs.ts'
import type { Handlers } from './messages.ts'
import { serverAccountOf } from './offers.ts'
import type { GivenMatch, MatchServerStore } from './store.ts'

export interface CompletingNeeds
  extends Pick<DialectsNeeds, 'sessionsView' | 'reports' | 'acceptResult' | 'resultOf' | 'serverAccounts'> {
  db: Db
  store: Pick<MatchServerStore, 'matchOf' | 'matchesOf'>
}

const lookedAtMax = 64

const wrong = (field: string, problem: string): Refusal =>
  new Refusal('INVALID_REQUEST', { detail: `${field} ${problem}`, fields: [{ field, problem }] })

/** A result's places, as the message has them. */
function inMatchData(error: unknown): never {
  if (!(error instanceof Refusal) || error.fields === undefined) throw error
  const fields = error.fields.map(({ field, problem }) => ({
    ...{ field: field.replace(/^body\./, 'body.MatchData.'), problem },
  }))
  const detail = fields.map(({ field, problem }) => `${field} ${problem}.`).join(' ')
  throw new Refusal(error.code, { detail, fields })
}

/** MatchComplete: what a match server says at the end, and what everybody is told who asks for it. */
export function createCompleting(needs: CompletingNeeds) {
  const { db, store, reports, sessionsView } = needs
  const viewOf = async (session: SessionId): Promise<SessionView | undefined> =>
    (await sessionsView([session])).get(session)

  async function completed(session: SessionId): Promise<MatchCompleted> {
    const view = await viewOf(session)
    const result = await needs.resultOf(session)
    const matchId = view?.match ?? undefined
    if (result === null) {
      const abandoned = view?.reason ?? view?.detail ?? 'unknown'
      return { type: 'MatchComplete', MatchData: { matchId, abandoned } }
    }
    const { teams, stats, duration_s, changes } = result
    return { type: 'MatchComplete', MatchData: { matchId, teams, stats, duration_s, changes } }
  }

  /** Without a match named, it is the one that runs. */
  async function matchFor(account: PlayerId, match: MatchId | undefined): Promise<GivenMatch> {
    if (match !== undefined) {
      const found = await db.once((tx) => store.matchOf(tx, match))
      if (found?.account === account) return found
      throw new Refusal('MATCH_NOT_FOUND', { detail: 'No such match was given to a server of yours.' })
    }
    const given = await db.once((tx) => store.matchesOf(tx, account, lookedAtMax))
    const views = await sessionsView(given.map(({ session }) => session))
    const running = given.filter(({ session }) => views.get(session)?.endedAt === null)
    if (running.length > 1) throw wrong('body.MatchData.matchId', 'is missing: several matches run on your servers')
    // With none that runs, it may be that the answer to the last one was lost.
    const found = running[0] ?? given[0]
    if (found !== undefined) return found
    throw new Refusal('MATCH_NOT_FOUND', { detail: 'No match was given to a server of yours.' })
  }

  /** The document's server says nothing before the end, so its word that a match is over says also that it was played; not
   *  of a match that it has not taken yet, and not where it has said that it tells who comes and when play begins. */
  async function begin({ session, prepared, reports: isTold }: GivenMatch): Promise<void> {
    const view = await viewOf(session)
    const waits = view?.state === 'requested' || view?.state === 'preparing'
    if (waits && !prepared) {
      throw new Refusal('SESSION_STATE', { detail: 'Answer PrepareMatch before MatchComplete.', retryAfterS: 1 })
    }
    if (isTold) return
    if (view?.state === 'preparing') await reports.ready(session, undefined)
    if (view?.state === 'preparing' || view?.state === 'loading') await reports.started(session, undefined)
  }

  const MatchComplete: Handlers['MatchComplete'] = async ({ MatchData }, asked) => {
    const { account } = await serverAccountOf(needs, asked)
    const { matchId, teams, stats, duration_s, abandoned } = MatchData
    if ((teams === undefined) === (abandoned === undefined)) {
      throw wrong('body.MatchData', 'takes either `teams`, who won, or `abandoned`, why nobody did')
    }
    const given = await matchFor(account, matchId)
    if (abandoned !== undefined) await reports.abandoned(given.session, abandoned)
    if (teams !== undefined) {
      await begin(given)
      await needs.acceptResult(given.session, { teams, stats, duration_s }).catch(inMatchData)
    }
    return { body: await completed(given.session) }
  }

  return { completed, MatchComplete }
}
