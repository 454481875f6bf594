import { type GameId, type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import type { GamesOptions } from './config.ts'
import type { GamesNeeds, GuestRules } from './needs.ts'
import { drawPasscode } from './passcodes.ts'
import type { GamesStore, KeptGame } from './store.ts'

export interface HostRequest {
  id: GameId
  player: PlayerId
  mode: string
  settings: unknown
  playersMax: number | undefined
  region: string | null
  /** How long to queue for a free server. */
  waitMs: number
}

export interface Hosting {
  /** Opens a game with its host in it. Its server is found, and started, after that. */
  host(request: HostRequest): Promise<KeptGame>
  /** Lets nobody in any more, or again. */
  setDoor(id: GameId, host: PlayerId, door: 'open' | 'closed'): Promise<void>
  kick(id: GameId, host: PlayerId, player: PlayerId): Promise<void>
  end(id: GameId, host: PlayerId): Promise<void>
}

/** With 23⁶ passcodes and some thousand open games, a draw seldom hits one of theirs. */
const drawsMax = 8

export function createHosting(
  needs: Pick<
    GamesNeeds,
    | 'clock'
    | 'db'
    | 'mintId'
    | 'openSession'
    | 'sessionsView'
    | 'setDoor'
    | 'removePlayer'
    | 'callOff'
    | 'modeOf'
    | 'draw'
  > & {
    store: GamesStore
    rules: GuestRules
  },
  { passcodeLength }: Pick<GamesOptions, 'passcodeLength'>,
): Hosting {
  const { clock, db, store, rules, modeOf, draw, mintId } = needs

  /** The host's own game; for whoever is not in it there is none. */
  async function own(id: GameId, player: PlayerId): Promise<KeptGame> {
    const game = await db.once((tx) => store.read(tx, id))
    if (game === null || game.endedAt !== null) throw new Refusal('GAME_NOT_FOUND')
    if (game.host === player) return game
    const seats = (await needs.sessionsView([game.session])).get(game.session)?.seats ?? []
    if (!seats.some((seat) => seat.player === player && seat.gaveUpAt === null)) throw new Refusal('GAME_NOT_FOUND')
    throw new Refusal('FORBIDDEN', { detail: 'Only its host may do this.' })
  }

  const isLive = async (session: SessionId): Promise<boolean> =>
    (await needs.sessionsView([session])).get(session)?.endedAt === null

  return {
    async host({ id, player, mode, settings, playersMax: wanted, region, waitMs }) {
      const allowed = modeOf(mode)
      if (allowed === null) throw new Refusal('MODE_NOT_FOUND')
      const { nick, guest } = await rules.admit(player, allowed)
      const playersMax = wanted ?? allowed.playersMax
      if (playersMax > allowed.playersMax) {
        const problem = `must be at most ${allowed.playersMax} in this mode`
        throw new Refusal('INVALID_REQUEST', {
          detail: `body.max_players ${problem}`,
          fields: [{ field: 'body.max_players', problem }],
        })
      }
      // The same request again, whose answer was lost; unless it came to nothing, and is tried anew.
      const known = await db.once((tx) => store.read(tx, id))
      if (known !== null && known.host === player && (await isLive(known.session))) return known
      return db.transact(async (tx) => {
        const session: SessionId = await needs.openSession(tx, {
          ...{ match: null, kind: 'private', mode, region, board: null, settings, playersMax, allocateWaitMs: waitMs },
          players: [{ player, nick, guest, team: 0, role: 'host', origin: null }],
        })
        const game = {
          id: known === null ? id : mintId('game'),
          session,
          mode,
          host: player,
          playersMax,
          createdAt: clock.now(),
          endedAt: null,
        }
        for (let draws = 0; draws < drawsMax; draws++) {
          const kept: KeptGame = { ...game, passcode: drawPasscode(passcodeLength, draw) }
          if (await store.insert(tx, kept)) return kept
        }
        throw new Refusal('BUSY', { detail: 'No passcode is free right now.', retryAfterS: 1 })
      })
    },

    async setDoor(id, host, door) {
      const { session } = await own(id, host)
      const done = await db.transact((tx) => needs.setDoor(tx, session, door))
      if (done === 'ended') throw new Refusal('GAME_NOT_FOUND')
      if (done === 'started') throw new Refusal('GAME_STARTED')
    },

    async kick(id, host, player) {
      const { session } = await own(id, host)
      if (player === host) {
        throw new Refusal('INVALID_REQUEST', { detail: 'A host cannot remove itself: end the game, or leave it.' })
      }
      await db.transact(async (tx) => {
        await store.ban(tx, id, player)
        await needs.removePlayer(tx, session, player, 'kicked').catch((error: unknown) => {
          if (!(error instanceof Refusal)) throw error
          throw new Refusal(error.code === 'SESSION_ENDED' ? 'GAME_NOT_FOUND' : 'PLAYER_NOT_FOUND', {
            ...(error.code === 'SESSION_ENDED' ? {} : { detail: 'This player is not in the game.' }),
          })
        })
      })
    },

    async end(id, host) {
      const { session } = await own(id, host)
      await db.transact(async (tx) => {
        await store.end(tx, [id], clock.now())
        await needs.callOff(tx, session)
      })
    },
  }
}
