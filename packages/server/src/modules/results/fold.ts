import type { PlayerId, SessionResult } from '@muster/protocol'
import type { Rating, RatingSystem } from './ratings/index.ts'

/** What results say of a player on a board. */
export interface Standing {
  player: PlayerId
  rating: Rating
  /** For matchmaking windows. */
  points: number
  /** What the leaderboard sorts by and shows, in whole hundredths: who is shown as equal shares a place. */
  standing: number
  won: number
  drawn: number
  lost: number
}

/** How one result moved a player. */
export interface Change {
  player: PlayerId
  before: number
  after: number
}

/** Two digits are what a person reads; ratings keep them all. */
export const shown = (rating: number): number => Math.round(rating * 100) / 100

const placed = (system: RatingSystem, rating: Rating) => ({
  rating,
  points: system.points(rating),
  standing: shown(system.standing(rating)),
})

export const newcomer = (system: RatingSystem, player: PlayerId): Standing => ({
  player,
  ...placed(system, system.initial()),
  ...{ won: 0, drawn: 0, lost: 0 },
})

/**
 * One step of the fold: the standings after a result. A session of a single team changes nobody's rating. Pure, so that
 * folding all results again gives the same standings.
 */
export function applyResult(
  system: RatingSystem,
  standings: ReadonlyMap<PlayerId, Standing>,
  { teams }: SessionResult,
  atMs: number,
): { standings: Standing[]; changes: Change[] } {
  if (teams.length < 2) return { standings: [], changes: [] }
  const before = teams.map(({ players }) => players.map((player) => standings.get(player) ?? newcomer(system, player)))
  const ranks = teams.map(({ rank }) => rank)
  const best = Math.min(...ranks)
  const isShared = ranks.filter((rank) => rank === best).length > 1
  const rated = system.rate({ teams: before.map((team) => team.map(({ rating }) => rating)), ranks, atMs })

  const after = before.flatMap((team, at) =>
    team.map((old, seat): Standing => {
      const rating = rated[at]?.[seat] ?? old.rating
      const outcome = ranks[at] !== best ? 'lost' : isShared ? 'drawn' : 'won'
      return {
        player: old.player,
        ...placed(system, rating),
        won: old.won + (outcome === 'won' ? 1 : 0),
        drawn: old.drawn + (outcome === 'drawn' ? 1 : 0),
        lost: old.lost + (outcome === 'lost' ? 1 : 0),
      }
    }),
  )
  const old = before.flat()
  const changes = after.map(({ player, standing }, at) => ({
    player,
    before: old[at]?.standing ?? standing,
    after: standing,
  }))
  return { standings: after, changes }
}
