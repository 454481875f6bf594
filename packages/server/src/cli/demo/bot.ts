import type { MusterClient } from '@muster/client'
import type { Figure } from './roster.ts'

export interface Standing {
  rating: number
  games: number
  won: number
  drawn: number
  lost: number
}

/** A duel that a bot has played to its result. */
export interface PlayedDuel {
  round: number
  match: string
  session: string
  address: string
  opponent: string
  outcome: 'won' | 'lost' | 'drawn'
  you: number
  them: number
  ratingBefore: number
  ratingAfter: number
}

/** A player like any other, whom the demo moves. */
export interface Bot extends Figure {
  client: MusterClient
  player: string
  /** Null for a newcomer. */
  before: Standing | null
  played: PlayedDuel[]
}

export async function standingOf(client: MusterClient, player: string, board: string): Promise<Standing | null> {
  const { ratings } = await client.player(player)
  return ratings.find((one) => one.board === board) ?? null
}
