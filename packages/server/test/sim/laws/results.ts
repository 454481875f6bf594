import type { PlayerId } from '@muster/protocol'
import { applyResult, newcomer, type Standing } from '../../../src/modules/results/fold.ts'
import type { BoardOptions } from '../../../src/modules/results/index.ts'
import { ratingSystem } from '../../../src/modules/results/ratings/index.ts'
import type { Mirror } from './mirror.ts'

/** Law 5: the standings are what folding the kept results gives, each once. */
export function checkFold(
  mirror: Mirror,
  boards: Readonly<Record<string, BoardOptions>>,
  broken: (what: string) => void,
): void {
  for (const [board, { rating }] of Object.entries(boards)) {
    const system = ratingSystem(rating)
    const standings = new Map<PlayerId, Standing>()
    const events = [...mirror.events.values()].filter((event) => event.board === board).sort((a, b) => a.seq - b.seq)
    for (const event of events) {
      const { result } = event
      const players = result.teams.flatMap((team) => team.players)
      const before = new Map(players.map((player) => [player, standings.get(player) ?? newcomer(system, player)]))
      for (const standing of applyResult(system, before, result, event.at).standings)
        standings.set(standing.player, standing)
    }
    for (const kept of mirror.standings.values()) {
      if (kept.board !== board) continue
      const { player } = kept.standing
      const points = standings.get(player)?.points
      if (points === undefined || Math.abs(points - kept.standing.points) > 1e-9) {
        broken(`[5] ${player} stands at ${kept.standing.points} on ${board}, and the results say ${points}`)
      }
      standings.delete(player)
    }
    for (const player of standings.keys()) broken(`[5] ${player} has results on ${board}, and no standing`)
  }
}
