import type { MatchId, SessionId } from '@muster/protocol'
import type { Tx } from '../../../platform/db.ts'
import { memoryOf, rowsIn, uniqueViolation } from '../../../platform/memory-db/index.ts'
import type { Match } from '../domain.ts'
import type { MatchStore } from '../store.ts'
import { idsBefore } from './old.ts'
import { isLive, type MatchRow, matchTable, sessionTable } from './tables.ts'

const copyOf = (teams: Match['teams']): Match['teams'] =>
  teams.map((team) =>
    team.map(({ entry, players }) => ({
      entry,
      players: players.map(({ player, nick, guest }) => ({ player, nick, guest })),
    })),
  )

const matchOf = (row: MatchRow): Match => ({
  id: row.id,
  queue: row.queue,
  mode: row.mode,
  board: row.board,
  region: row.region,
  teams: copyOf(row.teams),
  state: row.state,
  reason: row.reason,
  session: row.session,
  accepted: [...row.accepted],
  leavers: [...row.leavers],
  expiresAt: row.expiresAt,
  told: row.told,
  version: row.version,
  createdAt: row.createdAt,
})

async function takeSession(tx: Tx, session: SessionId, match: MatchId): Promise<void> {
  const isNew = await rowsIn(tx, sessionTable).insert({ session, match })
  if (!isNew) throw memoryOf(tx).fail(uniqueViolation('matchmaking_matches_session_id_key'))
}

async function leaveSession(tx: Tx, session: SessionId | null): Promise<void> {
  const sessions = rowsIn(tx, sessionTable)
  if (session !== null) for (const row of await sessions.hold([session])) sessions.remove(row.session)
}

/** Nobody reads the names of a match that is over. */
const nameless = (teams: Match['teams']): Match['teams'] =>
  teams.map((parties) =>
    parties.map((party) => ({ ...party, players: party.players.map((seat) => ({ ...seat, nick: '' })) })),
  )

export const memoryMatches: MatchStore = {
  async addMatches(tx, matches) {
    const rows = rowsIn(tx, matchTable)
    for (const match of matches) {
      const isNew = await rows.insert({
        ...match,
        ...{ teams: copyOf(match.teams), accepted: [...match.accepted], leavers: [], reason: null },
        ...{ told: false, version: 1, changedAt: match.createdAt },
      })
      if (!isNew) throw memoryOf(tx).fail(uniqueViolation('matchmaking_matches_pkey'))
      if (match.session !== null) await takeSession(tx, match.session, match.id)
    }
  },

  async lockMatch(tx, id) {
    const [row] = await rowsIn(tx, matchTable).hold([id])
    return row === undefined ? null : matchOf(row)
  },

  async matchesOf(tx, ids) {
    const rows = rowsIn(tx, matchTable)
    return [...new Set(ids)].flatMap((id) => {
      const row = rows.get(id)
      return row === null ? [] : [matchOf(row)]
    })
  },

  async matchesOfSessions(tx, sessions) {
    const rows = rowsIn(tx, matchTable)
    const known = rowsIn(tx, sessionTable)
    return [...new Set(sessions)].flatMap((session) => {
      const match = known.get(session)?.match
      const row = match === undefined ? null : rows.get(match)
      return row === null ? [] : [matchOf(row)]
    })
  },

  async changeMatch(tx, id, change, now) {
    const rows = rowsIn(tx, matchTable)
    const [row] = await rows.hold([id])
    if (row === undefined) return
    const { state, reason, session, accepted, leavers, told, dueAt } = change
    const over = state !== undefined && !isLive({ state })
    rows.put({
      ...row,
      teams: over ? nameless(row.teams) : row.teams,
      state: state ?? row.state,
      reason: reason === undefined ? row.reason : reason,
      session: session === undefined ? row.session : session,
      accepted: accepted === undefined ? row.accepted : [...accepted],
      leavers: leavers === undefined ? row.leavers : [...leavers],
      told: told ?? row.told,
      dueAt: dueAt ?? row.dueAt,
      version: row.version + 1,
      changedAt: now,
    })
    if (session === undefined || session === row.session) return
    await leaveSession(tx, row.session)
    if (session !== null) await takeSession(tx, session, id)
  },

  async takeDue(tx, now, again, max) {
    const rows = rowsIn(tx, matchTable)
    const due = rows.by('live', 'live').filter((row) => row.dueAt <= now)
    due.sort((one, other) => one.dueAt - other.dueAt)
    const ids = due.map(({ id }) => id)
    return rows.holdFree(ids, max).map((row) => {
      const after = { ...row, dueAt: again }
      rows.put(after)
      return matchOf(after)
    })
  },

  async postpone(tx, ids, dueAt) {
    const rows = rowsIn(tx, matchTable)
    const confirmed = ids.filter((id) => rows.get(id)?.state === 'confirmed')
    for (const row of rows.holdFree(confirmed)) rows.put({ ...row, dueAt })
  },

  async dropEnded(tx, before, max) {
    const rows = rowsIn(tx, matchTable)
    const held = rows.holdFree(idsBefore(rows, 'ended', before), max)
    for (const { id, session } of held) {
      rows.remove(id)
      await leaveSession(tx, session)
    }
    return held.length
  },
}
