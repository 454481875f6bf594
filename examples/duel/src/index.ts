/** The duel, for programs that play it. */
export { choose, type DuelOutcome, playDuel } from './bot.ts'
