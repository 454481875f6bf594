import type { Bot, Standing } from './bot.ts'
import type { Tale } from './tale.ts'

export interface Outcome {
  bots: readonly (Bot & { after: Standing | null })[]
  rounds: number
  counts: Tale['counts']
  declines: number
  silences: number
  /** The board from its top, by player id. */
  board: readonly string[]
}

/** What should have happened and did not, in words; empty where all is well. */
export function shortcomings({ bots, rounds, counts, declines, silences, board }: Outcome): string[] {
  const found: string[] = []
  const expected = (bots.length * rounds) / 2
  const duels = bots.flatMap(({ played }) => played)
  const sessions = new Set(duels.map(({ session }) => session))

  for (const { nick, played } of bots) {
    if (played.length !== rounds) found.push(`${nick} played ${played.length} of ${rounds} duels to a result`)
  }
  for (const { nick, before, after, played } of bots) {
    const games = (after?.games ?? 0) - (before?.games ?? 0)
    if (games !== played.length) found.push(`${nick} has ${games} more games on the board, but played ${played.length}`)
    const last = played.at(-1)
    if (last !== undefined && Math.abs((after?.rating ?? 0) - last.ratingAfter) > 1e-6) {
      found.push(`${nick} is rated ${after?.rating}, but the last result says ${last.ratingAfter}`)
    }
    // A draw between equals moves nobody; a win or a loss always does.
    const decided = played.filter(({ outcome }) => outcome !== 'drawn')
    if (decided.length > 0 && decided.every(({ ratingBefore, ratingAfter }) => ratingBefore === ratingAfter)) {
      found.push(`no result moved the rating of ${nick}`)
    }
  }
  for (const session of sessions) {
    const sides = duels.filter((one) => one.session === session)
    const [a, b] = sides
    if (sides.length === 2 && (a?.you !== b?.them || a?.them !== b?.you)) found.push(`${session} was told differently`)
  }
  if (sessions.size !== expected) found.push(`${sessions.size} sessions were held instead of ${expected}`)
  if (counts.servers.size < sessions.size) found.push(`only ${counts.servers.size} servers were launched`)
  if (counts.declined !== declines) found.push(`${counts.declined} matches were declined instead of ${declines}`)
  if (counts.silent !== silences) found.push(`${counts.silent} matches were met by silence instead of ${silences}`)
  if (counts.waitedAgain < declines + silences) found.push('nobody came back to the queue after a match fell through')
  const missing = bots.filter(({ player }) => !board.includes(player)).map(({ nick }) => nick)
  if (missing.length > 0) found.push(`the leaderboard lacks ${missing.join(', ')}`)
  return found
}
