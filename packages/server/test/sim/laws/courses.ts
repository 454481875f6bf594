import type { Commit } from '../../../src/platform/memory-db/index.ts'
import type { EntryRow, KeptAllocation, MatchRow, Mirror, ResultEvent, Session, SessionRow } from './mirror.ts'

const ways = {
  entry: {
    searching: ['matched', 'confirmed', 'closed'],
    matched: ['searching', 'confirmed', 'closed'],
    confirmed: ['searching', 'closed'],
    closed: [],
  },
  match: {
    offered: ['confirmed', 'cancelled'],
    confirmed: ['completed', 'abandoned', 'cancelled'],
    completed: [],
    abandoned: [],
    cancelled: [],
  },
  session: {
    requested: ['preparing', 'cancelled'],
    preparing: ['loading', 'cancelled'],
    loading: ['in_progress', 'cancelled'],
    in_progress: ['completed', 'abandoned'],
    completed: [],
    abandoned: [],
    cancelled: [],
  },
} as const satisfies Record<string, Record<string, readonly string[]>>

type Noun = keyof typeof ways

const mayGo = (noun: Noun, from: string, to: string): boolean =>
  from === to || ((ways[noun] as Record<string, readonly string[]>)[from]?.includes(to) ?? false)

/** Laws 2, 3, 4, 5 and 13: what each thing may become, and that what has ended stays ended. */
export function checkCourses(mirror: Mirror, { changes }: Commit, broken: (what: string) => void): void {
  for (const { table, before, after } of changes) {
    if (table === 'matchmaking_entries') entry(before as EntryRow | null, after as EntryRow | null, broken)
    else if (table === 'matchmaking_matches') match(mirror, before as MatchRow | null, after as MatchRow | null, broken)
    else if (table === 'sessions_sessions')
      session(mirror, (before as SessionRow | null)?.kept ?? null, (after as SessionRow | null)?.kept ?? null, broken)
    else if (table === 'results_events')
      event(mirror, before as ResultEvent | null, after as ResultEvent | null, broken)
    else if (table === 'fleet_allocations') {
      const [was, is] = [before as KeptAllocation | null, after as KeptAllocation | null]
      if (was !== null && was.ended_at !== null && is !== null && is.ended_at === null) {
        broken(`[13] the claim of ${is.session} has come back`)
      }
    }
  }
}

type Broken = (what: string) => void

function entry(before: EntryRow | null, after: EntryRow | null, broken: Broken): void {
  if (after === null) {
    if (before !== null && before.state !== 'closed') broken(`[2] ${before.id} is gone, and was ${before.state}`)
    return
  }
  if (before !== null && !mayGo('entry', before.state, after.state)) {
    broken(`[13] ${after.id} went from ${before.state} to ${after.state}`)
  }
  if (after.state === 'closed' && after.reason === null) broken(`[2] ${after.id} was closed without a reason`)
  if (before !== null && before.state !== 'searching' && after.state === 'searching') {
    if (!after.front || after.waitingSince !== before.waitingSince)
      broken(`[2] ${after.id} lost its place in the queue`)
  }
  if (before?.state === 'closed' && before.reason !== after.reason) {
    broken(`[2] ${after.id} was closed for ${before.reason}, and then for ${after.reason}`)
  }
}

function match(mirror: Mirror, before: MatchRow | null, after: MatchRow | null, broken: Broken): void {
  if (after === null) return
  if (before !== null && !mayGo('match', before.state, after.state)) {
    broken(`[13] ${after.id} went from ${before.state} to ${after.state}`)
  }
  if (before !== null && before.session !== null && before.session !== after.session) {
    broken(`[3] ${after.id} was played in ${before.session}, and then in ${after.session}`)
  }
  if (after.session !== null && mirror.sessions.get(after.session)?.match !== after.id) {
    broken(`[3] ${after.id} is played in ${after.session}, which is not its own`)
  }
  if (before === null) {
    for (const { entry: id } of after.teams.flat()) {
      const there = mirror.entries.get(id)
      if (there?.match !== after.id || there.state === 'closed')
        broken(`[3] ${after.id} is made of ${id}, which is ${there?.state}`)
    }
  }
  if (after.told && !before?.told && after.session === null) broken(`[3] ${after.id} is told no session`)
}

function session(mirror: Mirror, before: Session | null, after: Session | null, broken: Broken): void {
  if (after === null) {
    if (before?.endedAt === null) broken(`[4] ${before.id} is gone, and was ${before.state}`)
    return
  }
  const { id, state } = after
  const ended = ways.session[state].length === 0
  if (before !== null && !mayGo('session', before.state, state))
    broken(`[4] ${id} went from ${before.state} to ${state}`)
  if (before !== null && before.endedAt !== null && before.endedAt !== after.endedAt) broken(`[4] ${id} ended twice`)
  if (ended !== (after.endedAt !== null)) broken(`[4] ${id} is ${state}, and its end is ${after.endedAt}`)
  if (!ended && after.deadlineAt === null) broken(`[4] ${id} may stay ${state} for ever`)
  if (state === 'completed' && !mirror.events.has(id)) broken(`[5] ${id} is completed, and has no result`)
  if (state === 'preparing' || state === 'loading' || state === 'in_progress') {
    if (after.server === null) broken(`[4] ${id} is ${state} without a server`)
  }
}

function event(mirror: Mirror, before: ResultEvent | null, after: ResultEvent | null, broken: Broken): void {
  if (before !== null && JSON.stringify(before) !== JSON.stringify(after))
    broken(`[5] the result of ${before.session} was changed`)
  if (after === null || before !== null) return
  const state = mirror.sessions.get(after.session)?.state
  if (state !== 'completed') broken(`[5] ${after.session} is ${state}, and has a result`)
}
