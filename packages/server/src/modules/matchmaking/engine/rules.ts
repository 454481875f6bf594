/** How a queue gathers its players. Free-for-all is `teams: n, teamSize: 1`. */
export interface QueueRules {
  teams: number
  teamSize: number
  window: WindowRule
  /** A match may start with this many teams, once one of its entries has waited `fewerAfterS`. */
  minTeams?: number
  fewerAfterS?: number
  /** An entry that has waited this long is never passed over for a younger one where either would do. */
  overdueS?: number
}

/** How far two ratings may lie apart. Two entries suit when each is inside the other's window. */
export interface WindowRule {
  initial: number
  /** Points by which a window grows with every second of waiting. */
  perSecond: number
  max?: number
  /** Windows grow in steps of this length, so that a waiting player can be told when. */
  stepS?: number
  /**
   * The first width follows the arrivals: narrow where many come, wide where few do.
   * `perSecond` then says what a second of waiting is worth in points, and `initial` serves until arrivals are known.
   */
  adaptive?: boolean
}

/** One who waits: a player or a party. */
export interface EngineEntry {
  id: string
  /** One figure for the whole party, such as the mean. Held to about seven digits. */
  rating: number
  /** Players in it, at most a team. */
  size: number
  /** When the waiting began; kept when an entry comes back after a declined match. */
  sinceMs: number
  /** Came back from a match that fell through: goes before all others wherever either would do. */
  front: boolean
}

export interface Match {
  teams: string[][]
  /** Between the highest and the lowest rating in the match. */
  gap: number
  /** Between the highest and the lowest mean of a team. */
  imbalance: number
}

export const teamSizeMax = 16
export const playersMax = 256

export interface SettledRules {
  teams: number
  teamSize: number
  minTeams: number
  fewerAfterMs: number
  overdueMs: number
  window: Required<WindowRule>
}

/** The rules with every default filled in. Throws when they cannot be played by. */
export function settleRules(rules: QueueRules): SettledRules {
  const { teams, teamSize, window } = rules
  const minTeams = rules.minTeams ?? teams
  const max = window.max ?? Number.POSITIVE_INFINITY
  const stepS = window.stepS ?? 1
  mustHold(Number.isInteger(teams) && teams >= 1, 'teams must be a whole number from 1')
  mustHold(isWithin(teamSize, 1, teamSizeMax), `teamSize must be a whole number from 1 to ${teamSizeMax}`)
  mustHold(isWithin(teams * teamSize, 2, playersMax), `a match must have from 2 to ${playersMax} players`)
  mustHold(isWithin(minTeams, 1, teams), 'minTeams must be a whole number from 1 to teams')
  mustHold(minTeams * teamSize >= 2, 'the smallest match must have 2 players')
  mustHold(window.initial >= 0, 'window.initial must be 0 or more')
  mustHold(window.perSecond >= 0 && window.perSecond < Infinity, 'window.perSecond must be 0 or more, and finite')
  mustHold(!window.adaptive || window.perSecond > 0, 'an adaptive window must grow: perSecond must be above 0')
  mustHold(max >= window.initial, 'window.max must not be below window.initial')
  mustHold(stepS > 0 && stepS < Infinity, 'window.stepS must be above 0, and finite')
  return {
    teams,
    teamSize,
    minTeams,
    fewerAfterMs: (rules.fewerAfterS ?? 30) * 1000,
    overdueMs: (rules.overdueS ?? 30) * 1000,
    window: { ...window, max, stepS, adaptive: window.adaptive ?? false },
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function mustHold(holds: boolean, says: string): void {
  if (!holds) throw new RangeError(`Queue rules: ${says}`)
}
