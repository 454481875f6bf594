import { type PlayerId, Refusal, type SessionId, type SessionResult } from '@muster/protocol'

/** A player of the session that a result is of. */
export interface ResultSeat {
  player: PlayerId
  team: number
  /** False for who was expected and never came: a result may leave them out. */
  came: boolean
  /** The account is gone: nothing may be kept of this player. */
  erased: boolean
}

/** A session as its result needs it. */
export interface RefereedSession {
  id: SessionId
  mode: string
  board: string | null
  /** Friends came and went before it began, on no side: who played, and with whom, is for their server to say. */
  amongFriends: boolean
  seats: ResultSeat[]
}

/** What was accepted as true; the ratings are a fold of these, in the order of `seq`. */
export interface ResultEvent {
  seq: number
  session: SessionId
  board: string | null
  mode: string
  at: number
  result: SessionResult
}

const wrong = (field: string, problem: string): Refusal =>
  new Refusal('INVALID_RESULT', { detail: `${field} ${problem}.`, fields: [{ field, problem }] })

/**
 * Refuses a result that does not fit its session: somebody came; everybody who came is named, once; nobody else is; who
 * stood together stands together; somebody is first; and only players of the result have stats. Among friends some of those
 * who came may be left out, and any may have stood together.
 */
export function checkResult(result: SessionResult, session: RefereedSession): void {
  const seats = new Map(session.seats.map((seat) => [seat.player, seat]))
  const named = new Set<string>()
  const teamsSeen = new Set<number>()
  result.teams.forEach(({ players }, at) => {
    const teams = new Set<number>()
    for (const player of players) {
      const field = `body.teams.${at}.players`
      const seat = seats.get(player)
      if (seat === undefined) throw wrong(field, `names ${player}, who is not of this session`)
      if (named.has(player)) throw wrong(field, `names ${player} a second time`)
      named.add(player)
      teams.add(seat.team)
    }
    if (session.amongFriends) return
    const [team] = teams
    if (teams.size > 1) throw wrong(`body.teams.${at}.players`, 'puts players of different teams together')
    if (team !== undefined && teamsSeen.has(team)) throw wrong(`body.teams.${at}.players`, 'splits a team in two')
    if (team !== undefined) teamsSeen.add(team)
  })
  if (!session.seats.some(({ came }) => came)) throw wrong('body.teams', 'is of a session to which nobody came')
  const missing = session.seats.find(({ player, came }) => came && !named.has(player))
  if (missing !== undefined && !session.amongFriends) throw wrong('body.teams', `leaves out ${missing.player}`)
  if (!result.teams.some(({ rank }) => rank === 1)) throw wrong('body.teams', 'gives nobody rank 1')
  result.teams.forEach(({ rank }, at) => {
    const better = result.teams.filter((team) => team.rank < rank).map((team) => team.rank)
    // After a tie some count on from the next number, others skip as many as were tied: both are whole.
    if (rank === better.length + 1 || rank === new Set(better).size + 1) return
    throw wrong(`body.teams.${at}.rank`, 'leaves a rank before it to nobody')
  })
  for (const player of Object.keys(result.stats ?? {})) {
    if (!named.has(player)) throw wrong('body.stats', `counts for ${player}, who is not in the result`)
  }
}

/** Whether a report says again what was accepted, whatever the order of its keys and teams. */
export const isSameResult = (one: SessionResult, other: SessionResult): boolean => canonical(one) === canonical(other)

const canonical = ({ teams, stats, duration_s }: SessionResult): string =>
  JSON.stringify(
    sorted({
      teams: teams
        .map((team) => ({ ...team, players: [...team.players].sort() }))
        .sort((a, b) => ((a.players[0] ?? '') < (b.players[0] ?? '') ? -1 : 1)),
      stats,
      duration_s,
    }),
  )

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, held]) => held !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, held]) => [key, sorted(held)]))
}
