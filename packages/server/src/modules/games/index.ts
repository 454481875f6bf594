/**
 * Private games: friends gather by a passcode on a server that is launched for them alone, and play begins when their host
 * says so on that server. A game is a session and what is known of it beside: its passcode, its host, whom the host
 * removed. Whatever a session does, it does here: tickets, slots, ends.
 */
import { type GameId, type PlayerId, Refusal } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Tx } from '../../platform/db.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import { createAdmitting } from './admitting.ts'
import type { GamesOptions } from './config.ts'
import { createHosting } from './hosting.ts'
import { createJoining } from './joining.ts'
import type { GamesNeeds, GuestRules } from './needs.ts'
import { gamesRoutes } from './routes.ts'
import { type KeptGame, sqlGamesStore } from './store.ts'

export type { GamesOptions } from './config.ts'
export type { GamesNeeds, PrivateMode } from './needs.ts'
export { type GamesStore, gamesMigrations, type KeptGame } from './store.ts'

const closeMs = 5_000
const removalMs = 600_000
const dayMs = 86_400_000
const batchMax = 500
const batchesMax = 100

export function createGames(needs: GamesNeeds, options: GamesOptions) {
  const { clock, db, store = sqlGamesStore() } = needs
  const rules: GuestRules = {
    async admit(player, mode) {
      const person = (await needs.peopleOf([player])).get(player)
      if (person === undefined) throw new Refusal('PLAYER_NOT_FOUND')
      if (person.guest && !mode.guests) throw new Refusal('GUESTS_NOT_ALLOWED')
      return person
    },
  }
  const hosting = createHosting({ ...needs, store, rules }, options)
  const joining = createJoining({ ...needs, store, rules }, options)
  const admitting = createAdmitting({ ...needs, store }, options)
  const jobs: Repeating[] = []

  /** Gives the passcodes of games free whose session has ended. */
  async function closeEnded(): Promise<void> {
    let after: GameId | null = null
    for (let batch = 0; batch < batchesMax; batch++) {
      const from: GameId | null = after
      const games: KeptGame[] = await db.once((tx) => store.open(tx, from, batchMax))
      const sessions = await needs.sessionsView(games.map(({ session }) => session))
      const over = games.filter(({ session }) => sessions.get(session)?.endedAt !== null)
      if (over.length > 0) {
        const ids = over.map(({ id }) => id)
        await db.once((tx) => store.end(tx, ids, clock.now()))
      }
      after = games.at(-1)?.id ?? null
      if (games.length < batchMax) return
    }
  }

  async function removeOld(): Promise<void> {
    const before = clock.now() - options.keptDays * dayMs
    for (let batch = 0; batch < batchesMax; batch++) {
      if ((await db.once((tx) => store.removeEnded(tx, before, batchMax))) < batchMax) return
    }
  }

  return {
    routes: gamesRoutes({ ...needs, hosting, joining, admitting, gamesPerMinute: options.gamesPerMinute }),
    personal: {
      exportOf: async (player: PlayerId) =>
        (await db.once((tx) => store.hostedBy(tx, player))).map(({ id, session, mode, createdAt }) => ({
          ...{ game_id: id, session_id: session, mode, created_at: timeText(createdAt) },
        })),
      erase: (tx: Tx, player: PlayerId) => store.erase(tx, player),
    },
    start() {
      jobs.push(
        repeating(needs, 'private games that ended', closeMs, closeEnded),
        repeating(needs, 'old private games', removalMs, removeOld),
      )
    },
    async stop() {
      await Promise.all(jobs.splice(0).map((job) => job.stop()))
    },
    /** Does at once what `start` does from time to time. */
    sweep: closeEnded,
  }
}

export type Games = ReturnType<typeof createGames>
