import { teamSizeMax, teamsMax } from '../../../modules/results/ratings/index.ts'
import { BadInput } from '../bad-input.ts'
import { assertName, type PlayedGame, timeOf } from './played-game.ts'

/**
 * Reads one line `{"at": "2026-01-31T12:00:00Z", "teams": [["ann", "bob"], ["cid", "dee"]], "ranks": [1, 2]}`: any number
 * of teams of any size. Lower ranks are better, equal ranks a draw; `at` may be missing, or milliseconds since the epoch.
 */
export function gameOfJson(line: string): PlayedGame {
  const { at, teams, ranks } = objectOf(line)
  if (!Array.isArray(teams) || teams.length < 2) throw new BadInput('teams: a list of at least two teams is wanted')
  if (teams.length > teamsMax) throw new BadInput(`teams: ${teams.length} given; at most ${teamsMax} can be rated`)
  const seen = new Set<string>()
  teams.forEach((team, index) => {
    if (!Array.isArray(team) || team.length === 0) throw new BadInput(`teams[${index}]: a list of names is wanted`)
    if (team.length > teamSizeMax) throw new BadInput(`teams[${index}]: has more than ${teamSizeMax} players`)
    team.forEach((name, seat) => {
      assertName(name, `teams[${index}][${seat}]`)
      if (seen.has(name)) throw new BadInput(`teams[${index}][${seat}]: '${name}' is in this game twice`)
      seen.add(name)
    })
  })
  if (!Array.isArray(ranks)) throw new BadInput('ranks: a list with one rank for each team is wanted')
  if (ranks.length !== teams.length) {
    throw new BadInput(`ranks: ${ranks.length} given for ${teams.length} teams; each team needs one`)
  }
  ranks.forEach((rank, index) => {
    if (!Number.isSafeInteger(rank)) throw new BadInput(`ranks[${index}]: ${JSON.stringify(rank)} is no whole number`)
  })
  return at === undefined || at === null ? { teams, ranks } : { teams, ranks, atMs: momentOf(at) }
}

function objectOf(line: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch (error) {
    throw new BadInput(`is not JSON: ${(error as Error).message}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new BadInput('each line is to be one object, {"at", "teams", "ranks"}')
  }
  return parsed as Record<string, unknown>
}

/** A time as text, or as milliseconds since the epoch. */
export function momentOf(at: unknown): number {
  if (typeof at === 'number' && Number.isFinite(at)) return at
  if (typeof at === 'string') return timeOf(at, 'at')
  throw new BadInput(`at: ${JSON.stringify(at)} is no time; write it as "2004-08-06T18:13:50Z"`)
}
