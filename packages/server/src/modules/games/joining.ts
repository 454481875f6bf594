import { type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import type { Seating } from '../sessions/index.ts'
import type { GamesOptions } from './config.ts'
import type { GamesNeeds, GuestRules } from './needs.ts'
import { readPasscode } from './passcodes.ts'
import type { GamesStore, KeptGame } from './store.ts'

export interface Guesser {
  /** Null where nobody signed in. */
  player: PlayerId | null
  address: string
}

export interface Joining {
  join(passcode: string, player: PlayerId, address: string): Promise<KeptGame>
  /** The game of that passcode. Whoever tries too many that there are not is kept from trying more. */
  find(passcode: string, by: Guesser): Promise<KeptGame>
  /** The game that the player is in. */
  own(player: PlayerId): Promise<KeptGame>
  /** Also while its server is still looked for. Where the host leaves before play has begun, it is over for all. */
  leave(player: PlayerId): Promise<void>
}

const minuteMs = 60_000

const refusalOf: Readonly<Partial<Record<Seating, ConstructorParameters<typeof Refusal>[0]>>> = {
  not_there: 'GAME_NOT_FOUND',
  ended: 'GAME_NOT_FOUND',
  started: 'GAME_STARTED',
  closed: 'GAME_CLOSED',
  full: 'GAME_FULL',
}

export function createJoining(
  needs: Pick<GamesNeeds, 'db' | 'limits' | 'places' | 'joinSession' | 'leaveSession' | 'modeOf'> & {
    store: GamesStore
    rules: GuestRules
  },
  options: Pick<GamesOptions, 'guessesPerMinute' | 'guessesPerAddress'>,
): Joining {
  const { db, limits, places, store, rules } = needs
  const byPlayer = { name: 'game-guess', max: options.guessesPerMinute, perMs: minuteMs }
  const byAddress = { name: 'game-guess-address', max: options.guessesPerAddress, perMs: minuteMs }

  const guessed = async ({ player, address }: Guesser, wrong: 0 | 1): Promise<void> => {
    await limits.spend(byAddress, address, wrong)
    if (player !== null) await limits.spend(byPlayer, player, wrong)
  }

  async function find(typed: string, by: Guesser): Promise<KeptGame> {
    // Whoever has guessed too often learns nothing from a guess that is right.
    await guessed(by, 0)
    const passcode = readPasscode(typed)
    const game = passcode === null ? null : await db.once((tx) => store.openBy(tx, passcode))
    if (game !== null) return game
    await guessed(by, 1)
    throw new Refusal('GAME_NOT_FOUND')
  }

  async function own(player: PlayerId): Promise<KeptGame> {
    const place = (await places.of([player])).get(player)
    const game = place?.kind === 'session' ? await db.once((tx) => store.ofSession(tx, place.id as SessionId)) : null
    if (game === null) throw new Refusal('GAME_NOT_FOUND', { detail: 'You are in no private game.' })
    return game
  }

  return {
    find,
    async join(passcode, player, address) {
      const game = await find(passcode, { player, address })
      const mode = needs.modeOf(game.mode)
      if (mode === null) throw new Refusal('GAME_NOT_FOUND')
      const { nick, guest } = await rules.admit(player, mode)
      const seating = await db.transact(async (tx) => {
        const seated = await needs.joinSession(tx, game.session, { player, nick, guest })
        // Only now: joining waits for the session, so whoever was removed meanwhile is known here, and not before.
        if (await store.isBanned(tx, game.id, player)) throw new Refusal('KICKED')
        return seated
      })
      if (seating === 'elsewhere') {
        const place = (await places.of([player])).get(player)
        throw new Refusal(place?.kind === 'entry' ? 'ALREADY_SEARCHING' : 'ALREADY_PLAYING')
      }
      const code = refusalOf[seating]
      if (code !== undefined) throw new Refusal(code)
      return game
    },
    own,
    async leave(player) {
      const { session } = await own(player)
      await needs.leaveSession(session, player).catch((error: unknown) => {
        // It ended just now.
        throw error instanceof Refusal && error.code === 'SESSION_ENDED' ? new Refusal('GAME_NOT_FOUND') : error
      })
    },
  }
}
