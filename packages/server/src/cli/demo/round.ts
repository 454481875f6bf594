import { type FoundMatch, MusterError, SearchEnded } from '@muster/client'
import type { Entry, MatchOffer } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/pause.ts'
import type { Bot, PlayedDuel } from './bot.ts'
import type { Game } from './game.ts'
import type { Manner } from './roster.ts'
import type { Tale } from './tale.ts'

export interface RoundGround {
  clock: Clock
  game: Game
  tale: Tale
  queue: string
  /** Everybody's rating, by nick. */
  ratings: Map<string, number>
  /** Ends the demo where it takes too long. */
  signal: AbortSignal
}

/** How long a bot looks at a match that was found before it answers. */
const considerMs = 250
/** How long a bot thinks about each turn: long enough to watch. */
const thinkMs = 60
const searchesMax = 6
const resultWaitMs = 15_000
const lookEveryMs = 100
const nickOf = ({ nicknames }: FoundMatch['match'], player: string) => nicknames[player] ?? player

/** Searches until a duel has been played to its result, doing once what its manner is. Throws where nothing comes of it. */
export async function playOneDuel(bot: Bot, round: number, manner: Manner, ground: RoundGround): Promise<PlayedDuel> {
  const { tale, clock } = ground
  const failures: string[] = []
  let misbehaves: Manner = manner
  for (let searches = 1; searches <= searchesMax; searches++) {
    try {
      return await play(
        bot,
        round,
        await search(
          bot,
          () => misbehaves,
          () => (misbehaves = 'accept'),
          ground,
        ),
        ground,
      )
    } catch (error) {
      if (ground.signal.aborted) throw new Error(`${bot.nick} was still ${await waitingFor(bot)} when time was up`)
      if (error instanceof MusterError && error.code === 'PAUSED') {
        tale.searches(bot.nick, ` again in ${error.retryAfterS ?? 1} s`)
        await pause((error.retryAfterS ?? 1) * 1_000)
      } else if (
        error instanceof SearchEnded &&
        ['declined', 'no_answer'].includes(error.reason) &&
        manner !== 'accept'
      ) {
        tale.searches(bot.nick, ' again')
      } else {
        failures.push((error as Error).message)
        await pause(lookEveryMs)
      }
    }
  }
  throw new Error(`${bot.nick} came to no result in round ${round} (at ${clock.now()}): ${failures.join('; ')}`)
}

/** Goes on with a search that is under way already, as after a session that could not be held. */
async function search(bot: Bot, mannerNow: () => Manner, behave: () => void, ground: RoundGround) {
  const { tale, queue, ratings, signal } = ground
  let waits = false
  const follow = {
    signal,
    onChange({ status, reason }: Entry) {
      if (status !== 'searching') return
      if (reason !== undefined && waits) tale.waitsAgain(bot.nick, reason)
      else tale.searches(bot.nick)
      waits = true
    },
    async onOffer({ match_id: match }: MatchOffer) {
      tale.offered(match, bot.nick, ratings)
      await pause(considerMs)
      const choice = mannerNow()
      behave()
      if (choice === 'accept') tale.accepts(match, bot.nick)
      else if (choice === 'decline') tale.declines(match, bot.nick)
      else tale.staysSilent(match, bot.nick)
      return choice
    },
  }
  try {
    return await bot.client.findMatch({ queues: [queue], ...follow })
  } catch (error) {
    if (!(error instanceof MusterError) || error.code !== 'ALREADY_SEARCHING') throw error
    return bot.client.followMatch(follow)
  }
}

async function play(bot: Bot, round: number, found: FoundMatch, ground: RoundGround): Promise<PlayedDuel> {
  const { match, ticket } = found
  const { tale, game } = ground
  tale.confirmed(match.match_id, match.address)
  const rival = match.factions.flat().find((player) => player !== bot.player) ?? ''
  const opponent = nickOf(match, rival)
  const outcome = await game.playDuel(
    { address: match.address, ticket },
    {
      ...{ skill: bot.skill, thinkMs },
      onTurn: ({ you, them }) => tale.scores(bot.nick, opponent, you, them),
      comeBack: () => bot.client.ticket(match.session_id),
    },
  )
  tale.over(match.match_id, bot.nick, opponent, outcome.you, outcome.them)
  await completed(bot, match.session_id, ground.clock)
  const { results } = await bot.client.results({ session: match.session_id })
  const change = results[0]?.changes.find(({ player_id }) => player_id === bot.player)
  if (change === undefined) throw new Error(`The result of ${match.session_id} moved no rating of ${bot.nick}.`)
  return {
    ...{ round, match: match.match_id, session: match.session_id, address: match.address, opponent, ...outcome },
    ...{ ratingBefore: change.before, ratingAfter: change.after },
  }
}

/** Resolves when Muster has taken the result. */
async function completed(bot: Bot, session: string, clock: Clock): Promise<void> {
  for (const until = clock.now() + resultWaitMs; ; await pause(lookEveryMs)) {
    const { state, reason } = await bot.client.session(session)
    if (state === 'completed') return
    if (state === 'abandoned' || state === 'cancelled') throw new Error(`${session} was ${state}: ${reason}.`)
    if (clock.now() > until) throw new Error(`${session} is still ${state}: its result has not come.`)
  }
}

async function waitingFor(bot: Bot): Promise<string> {
  try {
    const { status, why } = await bot.client.entry()
    return `${status}${why === undefined ? '' : ` (${why.map(({ detail }) => detail).join(' ')})`}`
  } catch {
    return 'not searching'
  }
}
