import {
  type Entry,
  type Match,
  type MatchCompleted,
  type MatchId,
  type PlayerId,
  Refusal,
  type SessionId,
} from '@muster/protocol'
import type { Db } from '../../../platform/db.ts'
import type { Standing } from '../../matchmaking/index.ts'
import type { DialectsNeeds } from '../needs.ts'
import type { Credentials } from './credentials.ts'
import { matchConfigOf } from './match-config.ts'
import { type AnswerOf, type Handlers, playerIn } from './messages.ts'
import type { MatchServerStore } from './store.ts'

export type PlayersNeeds = Pick<DialectsNeeds, 'queuesFor' | 'matchmaking' | 'leaveSession'> & {
  db: Db
  store: Pick<MatchServerStore, 'matchOf' | 'matchOfSession'>
  credentials: Credentials
  /** How a session ended that is over. */
  completed(session: SessionId): Promise<MatchCompleted>
}

type Told = AnswerOf<'LookingForMatch' | 'MatchFound' | 'MatchConfirmed' | 'MatchComplete'>

/** Where a confirmed match is played; undefined as long as it is only found. */
const placeOf = ({ match }: Entry): Match | undefined =>
  match !== undefined && 'session_id' in match ? match : undefined

const leftOnPurpose = new Set(['left', 'declined'])

/** The way of a client through matchmaking: C0 idle, C1 matching, C2 match confirmed, C3 in the match. Each answer says
 *  where the client stands, so whoever repeats a message that got lost is told the same. */
export function playerMessages(
  needs: PlayersNeeds,
): Pick<Handlers, 'LookForMatch' | 'AcceptMatch' | 'DeclineMatch' | 'RevokeFromMatch'> {
  const { db, store, credentials, matchmaking, queuesFor } = needs

  function queuesIn(modes: readonly string[]): string[] {
    const queues = modes.flatMap((word) => {
      const found = queuesFor(word)
      if (found.length === 0) throw new Refusal('QUEUE_NOT_FOUND', { detail: `There is no queue or mode ${word}.` })
      return found
    })
    return [...new Set(queues)]
  }

  /** On a server that offered itself, a player shows what was derived for the two; elsewhere, an ordinary ticket. */
  async function ticketFor(session: SessionId, player: PlayerId, ordinary: string): Promise<string> {
    const given = await db.once((tx) => store.matchOfSession(tx, session))
    return given === null ? ordinary : credentials.ticketOf(given.server, given.instance, session, player)
  }

  async function told({ entry, offered, found }: Standing, player: PlayerId): Promise<Told> {
    const { status, ticket, reason } = entry
    const match = placeOf(entry)
    if (status === 'match_confirmed') {
      if (match === undefined || ticket === undefined) {
        throw new Refusal('SESSION_STATE', { detail: 'You cannot come into the match right now.', retryAfterS: 1 })
      }
      const matchConfig = matchConfigOf(match, await ticketFor(match.session_id, player, ticket))
      if (offered) return { type: 'MatchConfirmed', matchConfig }
      const players = matchConfig.players.length
      const all = { matchId: match.match_id, players, accepted: players, youAccepted: true, expires: null }
      return { type: 'MatchFound', matchConfig, ...all }
    }
    // Where nobody is asked, a match is news once its server waits.
    if (status === 'match_found' && offered && found !== null) {
      const { match_id: matchId, players, accepted, you_accepted: youAccepted, expires_at: expires } = found
      return { type: 'MatchFound', matchId, players, accepted, youAccepted, expires }
    }
    return { type: 'LookingForMatch', ...(reason === undefined ? {} : { reason }) }
  }

  const isOver = (standing: Standing | null): standing is null =>
    standing === null || standing.entry.status === 'cancelled'

  async function standing(player: PlayerId): Promise<Standing> {
    const found = await matchmaking.standingOf(player)
    if (found === null) throw new Refusal('ENTRY_NOT_FOUND')
    return found
  }

  /** The match that an answer is meant for: the one that waits for it, unless it names another. */
  const meant = ({ found }: Standing, matchId: MatchId | undefined): MatchId => {
    const id = matchId ?? found?.match_id
    if (id === undefined) throw new Refusal('MATCH_EXPIRED', { detail: 'No match waits for your answer.' })
    return id
  }

  /** Where that match of the player is played; null while it still belongs to the queue. */
  async function sessionPlayed(player: PlayerId, matchId: MatchId): Promise<SessionId | null> {
    const { entry, found } = (await matchmaking.standingOf(player)) ?? {}
    const place = entry === undefined ? undefined : placeOf(entry)
    if (place?.match_id === matchId) return place.session_id
    if (found?.match_id === matchId) return null
    // Said again, it names a match in which the player has no place any more.
    const given = await db.once((tx) => store.matchOf(tx, matchId))
    if (given === null) throw new Refusal('MATCH_NOT_FOUND')
    return given.session
  }

  async function leaveMatch(session: SessionId, player: PlayerId): Promise<void> {
    try {
      await needs.leaveSession(session, player)
    } catch (error) {
      if (error instanceof Refusal && error.code === 'SESSION_NOT_FOUND') throw new Refusal('MATCH_NOT_FOUND')
      throw error
    }
  }

  return {
    async LookForMatch({ modes }, asked) {
      const { player, guest } = playerIn(asked)
      const queues = queuesIn(modes)
      const before = await matchmaking.standingOf(player)
      if (isOver(before)) {
        try {
          await matchmaking.join({ id: asked.mintId('entry'), player, guest, queues, asks: null })
          return { body: { type: 'LookingForMatch' } }
        } catch (error) {
          // Said twice at once, it is one of the two that joined.
          const now = error instanceof Refusal && error.status === 409 ? await matchmaking.standingOf(player) : null
          if (isOver(now)) throw error
          return { body: await told(now, player) }
        }
      }
      const { entry } = before
      const others = entry.queues.length !== queues.length || queues.some((queue) => !entry.queues.includes(queue))
      if (entry.status === 'searching' && others) {
        const detail = `You look for ${entry.queues.join(', ')} already. Send RevokeFromMatch first.`
        throw new Refusal('ALREADY_SEARCHING', { detail })
      }
      return { body: await told(before, player) }
    },

    async AcceptMatch({ matchId }, asked) {
      const { player } = playerIn(asked)
      const before = await standing(player)
      const { entry, offered, session } = before
      if (
        entry.status === 'cancelled' &&
        session !== null &&
        (entry.reason === 'completed' || entry.reason === 'abandoned')
      ) {
        const body = await needs.completed(session)
        if (matchId !== undefined && matchId !== body.MatchData.matchId) throw new Refusal('MATCH_NOT_FOUND')
        return { body }
      }
      if (entry.status === 'match_confirmed' || (entry.status === 'match_found' && !offered)) {
        if (matchId !== undefined && entry.match !== undefined && entry.match.match_id !== matchId) {
          throw new Refusal('MATCH_NOT_FOUND')
        }
        return { body: await told(before, player) }
      }
      await matchmaking.answer(player, meant(before, matchId), 'accept')
      return { body: await told(await standing(player), player) }
    },

    async DeclineMatch({ matchId }, asked) {
      const { player } = playerIn(asked)
      const before = await standing(player)
      const { status, reason } = before.entry
      const again = status === 'cancelled' && reason === 'declined' && matchId === undefined
      if (!again) await matchmaking.answer(player, meant(before, matchId), 'decline')
      return { body: { type: 'MatchDeclined' } }
    },

    async RevokeFromMatch({ matchId }, asked) {
      const { player } = playerIn(asked)
      const session = matchId === undefined ? null : await sessionPlayed(player, matchId)
      if (session !== null) {
        await leaveMatch(session, player)
        return { body: { type: 'RevokedFromMatch' } }
      }
      try {
        await matchmaking.leave(player)
      } catch (error) {
        if (!(error instanceof Refusal && error.code === 'ENTRY_NOT_FOUND')) throw error
        const last = await matchmaking.standingOf(player)
        if (!leftOnPurpose.has(last?.entry.reason ?? '')) throw error
      }
      return { body: { type: 'RevokedFromMatch' } }
    },
  }
}
