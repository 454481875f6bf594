import type { Happening } from '../world/history.ts'
import type { FinalTables } from './tables.ts'

export type Broken = (law: number, what: string) => void
type Of<What extends Happening['what']> = Extract<Happening, { what: What }>

/** Clocks of nodes follow the database's to within this, also over a bad line. */
const clockSlackMs = 1_000

const those = <What extends Happening['what']>(history: readonly Happening[], what: What): Of<What>[] =>
  history.filter((one): one is Of<What> => one.what === what)

/** Holds what players and game servers were told against each other, and against what the tables say in the end. */
export function checkHistory(history: readonly Happening[], tables: FinalTables, broken: Broken): void {
  checkAcknowledged(history, tables, broken)
  checkTold(history, tables, broken)
  checkTickets(history, broken)
  checkPlaces(tables, broken)
  for (const { player, why } of those(history, 'stuck')) broken(16, `${player}: ${why}`)
  for (const { status } of those(history, 'came_back')) {
    if (status !== 401) broken(14, `a login that had ended was refreshed, and answered with ${status}`)
  }
}

/** Law 12: what was acknowledged is there. Law 5: and as it was acknowledged. */
function checkAcknowledged(history: readonly Happening[], tables: FinalTables, broken: Broken): void {
  for (const { player, username } of those(history, 'account')) {
    if (!tables.players.has(player)) broken(12, `${player} was told of an account that is not there`)
    if (username !== null && !tables.usernames.has(username)) broken(12, `the account ${username} is not there`)
  }
  for (const { player, entry } of those(history, 'joined')) {
    if (!tables.entries.has(entry)) broken(12, `${player} was told of ${entry}, which is not there`)
  }
  for (const { player, entry } of those(history, 'left')) {
    const state = tables.entries.get(entry)?.state
    if (state !== 'closed') broken(12, `${player} left ${entry}, which is ${state ?? 'not there'}`)
  }
  for (const { session, winner } of those(history, 'acknowledged')) {
    const first = tables.winners.get(session)
    if (first === undefined) broken(12, `the result of ${session} was acknowledged, and is not there`)
    else if (first !== winner) broken(5, `${session} was won by ${winner}, and is kept as won by ${first}`)
  }
  for (const { session, player, state } of those(history, 'ended')) {
    const kept = tables.sessions.get(session)?.state
    if (kept !== state) broken(13, `${player} saw ${session} ${state}, and it is ${kept ?? 'not there'}`)
  }
}

/** Law 3: whoever is told the session of a match is told the same, and it is the one that is kept. */
function checkTold(history: readonly Happening[], tables: FinalTables, broken: Broken): void {
  const told = new Map<string, string>()
  for (const { player, match, session } of those(history, 'confirmed')) {
    const first = told.get(match) ?? session
    told.set(match, first)
    if (first !== session) broken(3, `${player} was told ${session} for ${match}, others ${first}`)
    const kept = tables.matches.get(match)?.session
    if (kept !== session) broken(3, `${player} was told ${session} for ${match}, whose session is ${kept ?? 'none'}`)
  }
}

/** Law 6: a ticket lets in once. */
function checkTickets(history: readonly Happening[], broken: Broken): void {
  const spent = new Map<string, string>()
  for (const { jti, player, session, run } of those(history, 'admitted')) {
    const before = spent.get(jti)
    if (before !== undefined) broken(6, `a ticket of ${player} for ${session} let in by ${before} and by ${run}`)
    spent.set(jti, run)
  }
}

/** Law 1: no player was in two sessions at a time. */
function checkPlaces({ seats, sessions }: FinalTables, broken: Broken): void {
  const spans = new Map<string, { session: string; from: number; to: number }[]>()
  for (const { session, player, gaveUpAt } of seats) {
    const kept = sessions.get(session)
    if (kept === undefined) continue
    const to = Math.min(gaveUpAt ?? Number.POSITIVE_INFINITY, kept.endedAt ?? Number.POSITIVE_INFINITY)
    spans.set(player, [...(spans.get(player) ?? []), { session, from: kept.requestedAt, to }])
  }
  for (const [player, of] of spans) {
    of.sort((a, b) => a.from - b.from)
    for (const [at, next] of of.entries()) {
      const before = of[at - 1]
      if (before !== undefined && next.from < before.to - clockSlackMs) {
        broken(1, `${player} was in ${before.session} and in ${next.session} at a time`)
      }
    }
  }
}
