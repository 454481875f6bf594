/** The duel, for programs that play it. */
export { choose, type DuelOutcome, type PlayOptions, playDuel, type Score, type Way } from './bot.ts'
export { hitsToWin } from './rules.ts'
