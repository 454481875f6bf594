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

/** A rule that cannot be played by, and what it must be. */
export type RuleComplaint = readonly [rule: string, must: string]

/** What is wrong with the numbers of players. */
export function teamComplaints({ teams, teamSize, minTeams = teams }: Omit<QueueRules, 'window'>): RuleComplaint[] {
  if (!(Number.isInteger(teams) && teams >= 1)) return [['teams', 'must be a whole number from 1']]
  if (!isWithin(teamSize, 1, teamSizeMax)) return [['teamSize', `must be a whole number from 1 to ${teamSizeMax}`]]
  if (!isWithin(teams * teamSize, 2, playersMax)) {
    return [['teams', `must make, with teamSize, a match of from 2 to ${playersMax} players`]]
  }
  if (!isWithin(minTeams, 1, teams)) return [['minTeams', 'must be a whole number from 1 to teams']]
  return minTeams * teamSize >= 2 ? [] : [['minTeams', 'must leave 2 players to the smallest match']]
}

/** What is wrong with a window. */
export function windowComplaints(window: WindowRule): RuleComplaint[] {
  const { initial, perSecond, max = Number.POSITIVE_INFINITY, stepS = 1, adaptive = false } = window
  const rules: [boolean, string, string][] = [
    [initial >= 0, 'initial', 'must be 0 or more'],
    [perSecond >= 0 && perSecond < Infinity, 'perSecond', 'must be 0 or more, and finite'],
    [!adaptive || perSecond !== 0, 'perSecond', 'must be above 0, for an adaptive window must grow'],
    [max >= initial, 'max', 'must not be below window.initial'],
    [stepS > 0 && stepS < Infinity, 'stepS', 'must be above 0, and finite'],
  ]
  return rules.flatMap(([holds, name, must]) => (holds ? [] : [[`window.${name}`, must] as const]))
}

/** The rules with every default filled in. Throws when they cannot be played by. */
export function settleRules(rules: QueueRules): SettledRules {
  const { teams, teamSize, window } = rules
  const minTeams = rules.minTeams ?? teams
  const max = window.max ?? Number.POSITIVE_INFINITY
  const stepS = window.stepS ?? 1
  const complaints = [...teamComplaints(rules), ...windowComplaints(window)]
  if (complaints.length > 0) {
    throw new RangeError(`Queue rules: ${complaints.map((complaint) => complaint.join(' ')).join('; ')}`)
  }
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
