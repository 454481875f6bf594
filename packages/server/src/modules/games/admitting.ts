import { type Game, type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import { targetText } from '../../platform/outgoing/addresses.ts'
import type { Issued } from '../sessions/index.ts'
import type { GamesOptions } from './config.ts'
import type { GamesNeeds } from './needs.ts'
import type { GamesStore, KeptGame } from './store.ts'

export interface Admitting {
  /** Waits until the game's server is ready, and answers what the player needs to come in. */
  admit(game: KeptGame, player: PlayerId, signal: AbortSignal): Promise<Game>
}

/** How often a waiting caller looks by itself, should a hint be lost. */
const lookMs = 1_000
/** As long as a caller may queue for a server. */
const queueMaxMs = 60_000
/** Beyond the mode's own limits, which end the wait, in case they are not kept. */
const slackMs = 10_000

export function createAdmitting(
  needs: Pick<GamesNeeds, 'clock' | 'db' | 'wakes' | 'sessionsView' | 'issue' | 'modeOf' | 'transportOf'> & {
    store: GamesStore
  },
  { waitingMax, retryAfterS }: Pick<GamesOptions, 'waitingMax' | 'retryAfterS'>,
): Admitting {
  const { clock, wakes } = needs
  let waiting = 0

  async function untilReady(session: SessionId, waitMs: number, signal: AbortSignal) {
    const until = clock.now() + waitMs
    for (;;) {
      // It listens before it looks, so that nothing is missed in between.
      const wait = wakes.wait('session', session, lookMs, signal)
      try {
        const view = (await needs.sessionsView([session])).get(session)
        if (view === undefined) throw new Refusal('GAME_NOT_FOUND')
        if (view.state === 'loading' || view.state === 'in_progress') return view
        if (view.endedAt !== null) {
          // Where there was a server to begin with, it was cancelled for want of one.
          if (view.startedAt !== null || view.cause === 'host_left') throw new Refusal('GAME_NOT_FOUND')
          throw new Refusal('NO_CAPACITY', { detail: view.detail ?? undefined, retryAfterS })
        }
        if (signal.aborted || clock.now() >= until) {
          throw new Refusal('BUSY', {
            detail: 'Its server is not ready yet. Ask again by GET /games/me.',
            retryAfterS: 1,
          })
        }
        await wait.over
      } finally {
        wait.end()
      }
    }
  }

  /** As those who play in it know it: a game, not a session. */
  async function issue({ id, session }: KeptGame, player: PlayerId): Promise<Issued> {
    try {
      return await needs.issue(session, player)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.code === 'SESSION_ENDED') throw new Refusal('GAME_NOT_FOUND')
      const banned =
        error.code === 'SESSION_STATE' && (await needs.db.once((tx) => needs.store.isBanned(tx, id, player)))
      throw banned ? new Refusal('KICKED') : error
    }
  }

  return {
    async admit(game, player, signal) {
      if (waiting >= waitingMax) throw new Refusal('BUSY', { retryAfterS: 1 })
      waiting++
      try {
        const readyMs = needs.modeOf(game.mode)?.readyTimeoutMs ?? 0
        const { seats } = await untilReady(game.session, readyMs + queueMaxMs + slackMs, signal)
        const seat = seats.find((one) => one.player === player)
        const { ticket, connectToken, endsAt, host, port } = await issue(game, player)
        return {
          ...{ game_id: game.id, session_id: game.session, mode: game.mode, passcode: game.passcode },
          invitation: `/join/${game.passcode}`,
          ...{ role: seat?.role ?? 'player', players_max: game.playersMax },
          ...{ address: targetText({ host, port }), host, port },
          transport: needs.transportOf(game.mode),
          ticket,
          ...(connectToken === null ? {} : { connect_token: connectToken }),
          expires_at: timeText(endsAt),
        }
      } finally {
        waiting--
      }
    },
  }
}
