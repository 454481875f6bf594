import type { PlayerId } from '@muster/protocol'
import { applyResult, newcomer, type Standing } from '../modules/results/fold.ts'
import type { EventRow, StandingRow } from '../modules/results/index.ts'
import type { RatingSystem } from '../modules/results/ratings/index.ts'
import type { Broken } from './law.ts'

/** Law 5: a board's standings are what folding its results gives, each once. Add the results in their order. */
export interface Fold {
  add(event: EventRow): void
  check(standing: StandingRow, broken: Broken): void
  /** Who has results and was not checked. */
  unchecked(): PlayerId[]
}

/** Sums of a million results, written by other machines, may differ in their last digits. */
const toleratedPoints = 1e-6

export function foldOf(system: RatingSystem): Fold {
  // Whoever was erased while a session ran counted as a newcomer in its result; folded anew, by the own rating.
  const asPlayed = new Map<PlayerId, Standing>()
  const anew = new Map<PlayerId, Standing>()
  const seen = new Set<PlayerId>()

  const fold = (standings: Map<PlayerId, Standing>, event: EventRow, isKept: (player: PlayerId) => boolean) => {
    const players = event.result.teams.flatMap((team) => team.players)
    const before = players.flatMap((player) => {
      const standing = isKept(player) ? standings.get(player) : undefined
      return standing === undefined ? [] : [[player, standing] as const]
    })
    for (const standing of applyResult(system, new Map(before), event.result, event.at).standings) {
      if (isKept(standing.player)) standings.set(standing.player, standing)
    }
  }
  const isRight = (folded: Standing | undefined, { player, points, games }: StandingRow) => {
    const { points: right, rating } = folded ?? newcomer(system, player)
    return Math.abs(points - right) <= toleratedPoints && games === rating.games
  }

  return {
    add(event) {
      const kept = new Set(event.kept)
      fold(asPlayed, event, (player) => kept.has(player))
      fold(anew, event, () => true)
    },
    check(standing, broken) {
      const { player, board, points, games } = standing
      seen.add(player)
      const folded = asPlayed.get(player)
      if (isRight(folded, standing) || isRight(anew.get(player), standing)) return
      const { points: right, rating } = folded ?? newcomer(system, player)
      broken(
        5,
        `${player} stands at ${points} after ${games} games on ${board}; the results say ${right} after ${rating.games}`,
      )
    },
    unchecked: () => [...asPlayed.keys()].filter((player) => !seen.has(player)),
  }
}
