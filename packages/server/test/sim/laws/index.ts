/**
 * The laws, checked at every commit over what it changed, and once all is calm again. A law's number stands before each
 * complaint.
 */
import type { MatchId, PlayerId, SessionId } from '@muster/protocol'
import type { Config } from '../../../src/config.ts'
import type { MemoryEngine } from '../../../src/platform/memory-db/index.ts'
import { checkNothingHeld, checkServed } from './calm.ts'
import { checkCapacity } from './capacity.ts'
import { checkCourses } from './courses.ts'
import { createFences } from './fences.ts'
import { type MatchRow, Mirror } from './mirror.ts'
import { checkPlaces, checkSeated } from './places.ts'
import { checkFold } from './results.ts'

export interface LawsNeeds {
  config: Config
  now(): number
  broken(what: string): void
}

export function watchLaws(engine: MemoryEngine, { config, now, broken }: LawsNeeds) {
  const mirror = new Mirror()
  const entriesSeen = new Set<string>()
  const told = new Map<MatchId, SessionId>()
  const accepted = new Map<MatchId, Set<PlayerId>>()
  const fences = createFences(broken)
  let commits = 0
  let matches = 0
  let completed = 0

  engine.onCommit((commit) => {
    commits++
    mirror.apply(commit)
    for (const { table, key, before, after } of commit.changes) {
      if (table === 'matchmaking_entries' && before === null) entriesSeen.add(key)
      if (table === 'matchmaking_matches' && before === null) matches++
      if (table === 'results_events' && before === null) completed++
      if (table === 'matchmaking_matches' && after !== null) checkAnswers(after as MatchRow)
      if (table === 'results_events' && after === null) broken(`[5] the result ${key} is gone`)
    }
    fences.check(commit)
    checkPlaces(mirror, commit, broken)
    checkSeated(mirror, commit, broken)
    checkCourses(mirror, commit, broken)
    checkCapacity(mirror, commit, broken)
  })

  function checkAnswers({ id, reason, leavers }: MatchRow): void {
    if (reason !== 'no_answer') return
    for (const player of leavers) {
      if (accepted.get(id)?.has(player))
        broken(`[12] ${player} was told that ${id} is accepted, and is said to be silent`)
    }
  }

  return {
    mirror,
    counts: () => ({ commits, matches, completed }),
    acts: fences.acts,
    /** Law 12: what was acknowledged is there. */
    joined(player: PlayerId, entry: string): void {
      if (!entriesSeen.has(entry)) broken(`[12] ${player} was told of ${entry}, which there never was`)
    },
    accepted(player: PlayerId, match: MatchId): void {
      accepted.set(match, (accepted.get(match) ?? new Set()).add(player))
    },
    /** Law 4: nobody is left playing on a server that is gone. */
    checkGone(server: string): void {
      for (const { id, state, endedAt, server: on } of mirror.sessions.values()) {
        if (on === server && endedAt === null) broken(`[4] ${id} is ${state} on ${server}, which is long gone`)
      }
    },
    /** Law 3: whoever is told the session of a match is told the same. */
    confirmed(player: PlayerId, match: MatchId, session: SessionId): void {
      const first = told.get(match) ?? session
      told.set(match, first)
      if (first !== session) broken(`[3] ${player} is told ${session} for ${match}, others ${first}`)
    },
    checkServed: (patienceMs: number) => checkServed(mirror, config.queues, now(), patienceMs, broken),
    checkNothingHeld(): void {
      checkNothingHeld(mirror, broken)
      checkFold(mirror, config.boards, broken)
    },
  }
}

export type Laws = ReturnType<typeof watchLaws>
