import type { Streams } from '../command.ts'
import { tableOf } from '../table.ts'
import type { Bot, Standing } from './bot.ts'
import { paint } from './screen.ts'

export type FinishedBot = Bot & { after: Standing | null }

const ratingBefore = ({ before, played }: Bot): number | null => before?.rating ?? played[0]?.ratingBefore ?? null
const ratingAfter = ({ after }: FinishedBot): number => after?.rating ?? 0

/** Best first. */
export const ranked = (bots: readonly FinishedBot[]): FinishedBot[] =>
  [...bots].sort((a, b) => ratingAfter(b) - ratingAfter(a))

/** Of all pairs, how many the ratings put in the order of skill. Pairs of the same skill or rating say nothing. */
export function agreement(bots: readonly FinishedBot[]): { agree: number; pairs: number } {
  let agree = 0
  let pairs = 0
  for (const [at, a] of bots.entries()) {
    for (const b of bots.slice(at + 1)) {
      const bySkill = Math.sign(a.skill - b.skill)
      const byRating = Math.sign(ratingAfter(a) - ratingAfter(b))
      if (bySkill === 0 || byRating === 0) continue
      pairs++
      if (bySkill === byRating) agree++
    }
  }
  return { agree, pairs }
}

export function standingsTable(bots: readonly FinishedBot[], to: Streams['stdout']): string {
  const rows = ranked(bots).map((bot, at) => {
    const before = ratingBefore(bot)
    const change = Math.round(ratingAfter(bot)) - Math.round(before ?? 0)
    const sign = change > 0 ? '+' : change < 0 ? '−' : '±'
    return [
      ...[`${at + 1}`, bot.nick, bot.skill.toFixed(2), before === null ? '' : `${Math.round(before)}`],
      ...[`${Math.round(ratingAfter(bot))}`],
      paint(to, change > 0 ? 'green' : change < 0 ? 'red' : 'gray', `${sign}${Math.abs(change)}`),
      ...[`${bot.after?.games ?? 0}`, `${bot.after?.won ?? 0}`, `${bot.after?.drawn ?? 0}`, `${bot.after?.lost ?? 0}`],
    ]
  })
  return tableOf(['place', 'name', 'skill', 'before', 'after', 'moved', 'games', 'won', 'drawn', 'lost'], rows)
}

export function agreementText(bots: readonly FinishedBot[]): string {
  const { agree, pairs } = agreement(bots)
  const percent = pairs === 0 ? 0 : Math.round((100 * agree) / pairs)
  return `Of ${pairs} pairs of bots the ratings order ${agree} as their skill does (${percent} %; by chance it would be 50 %).`
}

export const standingsJson = (bots: readonly FinishedBot[]) =>
  ranked(bots).map((bot, at) => ({
    ...{ place: at + 1, name: bot.nick, player_id: bot.player, skill: bot.skill },
    ...{ rating_before: ratingBefore(bot), rating_after: ratingAfter(bot), games: bot.after?.games ?? 0 },
    ...{ won: bot.after?.won ?? 0, drawn: bot.after?.drawn ?? 0, lost: bot.after?.lost ?? 0, duels: bot.played },
  }))
