/** Who plays: the names stay, so that a second demo goes on from the ratings of the first. Skill is from 0, who fires
 *  blindly, to 1, who always aims. */
export interface Figure {
  nick: string
  skill: number
}

const figures: readonly Figure[] = [
  { nick: 'Ada', skill: 0.95 },
  { nick: 'Bruno', skill: 0.1 },
  { nick: 'Chiara', skill: 0.7 },
  { nick: 'Dario', skill: 0.35 },
  { nick: 'Edda', skill: 0.85 },
  { nick: 'Finn', skill: 0 },
  { nick: 'Greta', skill: 0.55 },
  { nick: 'Hugo', skill: 0.22 },
  { nick: 'Ines', skill: 0.78 },
  { nick: 'Jonas', skill: 0.45 },
  { nick: 'Kaja', skill: 0.9 },
  { nick: 'Luca', skill: 0.16 },
  { nick: 'Mira', skill: 0.62 },
  { nick: 'Nils', skill: 0.05 },
  { nick: 'Olga', skill: 0.5 },
  { nick: 'Pavel', skill: 0.28 },
]

export const botsMin = 4
export const botsMax = figures.length

export const rosterOf = (count: number): readonly Figure[] => figures.slice(0, count)

/** What somebody does with the first match that is found in a round. */
export type Manner = 'accept' | 'decline' | 'silent'

/** One declines and one stays silent, in different rounds and never the same ones in the demo after it: whoever does it
 *  again and again would have to wait longer each time. */
export function mannerOf(bot: number, round: number, plan: { bots: number; rounds: number; run: number }): Manner {
  const declineRound = plan.rounds > 2 ? 2 : 1
  if (round === declineRound && bot === (plan.run * 2) % plan.bots) return 'decline'
  if (round === declineRound + 1 && bot === (plan.run * 2 + 1) % plan.bots) return 'silent'
  return 'accept'
}
