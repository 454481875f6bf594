import type { Clock } from '../../platform/clock.ts'
import { CommandRefusal } from '../command.ts'
import type { Accounts } from './accounts.ts'
import { type Bot, standingOf } from './bot.ts'
import { shortcomings } from './checks.ts'
import type { Game } from './game.ts'
import { mannerOf, rosterOf } from './roster.ts'
import { playOneDuel } from './round.ts'
import type { Screen } from './screen.ts'
import type { FinishedBot } from './standings.ts'
import { createTale } from './tale.ts'

export interface DemoPlan {
  rounds: number
  bots: number
}

export interface DemoResult {
  bots: FinishedBot[]
  /** What should have happened and did not. */
  shortcomings: string[]
  tookMs: number
}

const queueName = 'duel'
/** Beyond the time that silence takes. */
const roundTimeMaxMs = 90_000
const boardPageMax = 100

/** Plays the whole journey: everybody signs in, and in each round everybody searches, plays and is rated. */
export async function runDemo(
  plan: DemoPlan,
  { accounts, game, screen, clock }: { accounts: Accounts; game: Game; screen: Screen; clock: Clock },
): Promise<DemoResult> {
  const startedAt = clock.now()
  const tale = createTale(screen)
  const roster = rosterOf(plan.bots)
  const clients = await accounts.signIn(roster.map(({ nick }) => nick))
  const bots = roster.map((figure, at): Bot => {
    const client = clients[at] as Bot['client']
    return { ...figure, client, player: client.userId ?? '', before: null, played: [] }
  })
  const board = await boardOf(bots)
  for (const bot of bots) bot.before = await standingOf(bot.client, bot.player, board)
  const known = bots.filter(({ before }) => before !== null).length
  screen.tell(
    known === 0
      ? `${bots.length} bots have registered.`
      : `${bots.length} bots have signed in; ${known} have played before.`,
  )

  const ratings = new Map(bots.map(({ nick, before }) => [nick, before?.rating ?? 1_500]))
  const failures: string[] = []
  const manners = { decline: 0, silent: 0 }
  for (let round = 1; round <= plan.rounds && failures.length === 0; round++) {
    screen.tell(`Round ${round} of ${plan.rounds}: everybody searches.`)
    const signal = AbortSignal.timeout(roundTimeMaxMs)
    const played = await Promise.allSettled(
      bots.map(async (bot, at) => {
        const manner = mannerOf(at, round, { ...plan, run: accounts.runs })
        if (manner !== 'accept') manners[manner]++
        const duel = await playOneDuel(bot, round, manner, { clock, game, tale, queue: queueName, ratings, signal })
        bot.played.push(duel)
        ratings.set(bot.nick, duel.ratingAfter)
      }),
    )
    for (const one of played) if (one.status === 'rejected') failures.push((one.reason as Error).message)
  }

  const finished: FinishedBot[] = []
  for (const bot of bots) finished.push({ ...bot, after: await standingOf(bot.client, bot.player, board) })
  const missing = shortcomings({
    ...{
      bots: finished,
      rounds: plan.rounds,
      counts: tale.counts,
      declines: manners.decline,
      silences: manners.silent,
    },
    board: await boardRows(bots, board),
  })
  await accounts.finish()
  return { bots: finished, shortcomings: [...failures, ...missing], tookMs: clock.now() - startedAt }
}

async function boardOf([first]: Bot[]): Promise<string> {
  const queues = (await first?.client.queues()) ?? []
  const board = queues.find(({ name }) => name === queueName)?.board ?? null
  if (board === null)
    throw new CommandRefusal(`the queue \`${queueName}\` has no board, so there is no rating to move.`)
  return board
}

/** The rows around each bot: on a server where others play too, the first page need not show them. */
async function boardRows(bots: Bot[], board: string): Promise<string[]> {
  const pages = await Promise.all(
    bots.map(({ client }) => client.leaderboard(board, { around: 'me', limit: Math.min(boardPageMax, bots.length) })),
  )
  return pages.flatMap(({ rows }) => rows.map(({ player_id }) => player_id))
}
