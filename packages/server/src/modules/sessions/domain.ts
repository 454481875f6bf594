/**
 * The course of a session, pure: what each event does to it, with the guard of each step.
 *
 *   requested ──allocated──► preparing ──ready──► loading ──started──────────────► in_progress ──finished──► completed
 *       │                        │                   │      all came (match)            │
 *       │                        │                   │      time, with the minimum      │
 *       │                        │                   │                                  ├─abandoned───► abandoned: reported
 *       │                        │                   │                                  ├─server_lost─► abandoned: server_lost
 *       │                        │                   │                                  ├─time────────► abandoned: overtime
 *       │                        │                   │                                  └─time, empty─► abandoned: empty (private)
 *       │                        │                   │
 *       ├─time: no_server        ├─time: server_not_ready; server_late: the same
 *       │                        ├─server_lost: server_failed
 *       │                        │                   ├─time: nobody_came, too_few_came, not_started (private)
 *       │                        │                   ├─called_off: host_left (private)
 *       │                        │                   ├─server_lost: server_lost
 *       │                        ├─abandoned─────────┴─abandoned: reported
 *       └─attendance─────────────┴─attendance: too_few_came, where so many gave up that the minimum cannot come
 *                                all of these: cancelled
 *
 * Whatever ends a session ends it once: an ended one answers every event with `ended`. Every live state has a deadline,
 * and `time` after the deadline always leaves it, so none stays open for ever. A private game's deadline follows who is
 * there: once its host has come they have the lobby's time to begin, and when all have left, a while to come back.
 */
import type { SessionState } from '@muster/protocol'

/** How players come to a session: chosen by matchmaking, or invited by a host, who alone starts it. */
export type SessionKind = 'match' | 'private'

export type EndState = Extract<SessionState, 'completed' | 'abandoned' | 'cancelled'>
export type LiveState = Exclude<SessionState, EndState>

export const liveStates = ['requested', 'preparing', 'loading', 'in_progress'] as const satisfies LiveState[]

/** Why a session was cancelled or abandoned. `reported` is the server's own doing, in its own words. */
export type Cause =
  | 'no_server'
  | 'server_not_ready'
  | 'server_failed'
  | 'server_lost'
  | 'nobody_came'
  | 'too_few_came'
  | 'not_started'
  | 'host_left'
  | 'empty'
  | 'overtime'
  | 'reported'

/** The cause in words, where nobody has better ones. */
export const causeSays: Readonly<Record<Cause, string>> = {
  no_server: 'No game server had room.',
  server_not_ready: 'The game server was not ready in time.',
  server_failed: 'The game server ended before it was ready.',
  server_lost: 'The game server is gone.',
  nobody_came: 'Nobody came in time.',
  too_few_came: 'Too few players came.',
  not_started: 'The host did not start it in time.',
  host_left: 'The host left or ended it.',
  empty: 'Everybody had left.',
  overtime: 'It ran for longer than it may.',
  reported: 'The game server ended it.',
}

/** How long each state may last, and how many must have come. */
export interface Timing {
  allocateWaitMs: number
  readyTimeoutMs: number
  loadingTimeoutMs: number
  durationMaxMs: number
  /** Of private games. */
  lobbyMs: number
  emptyMs: number
  /** Null: everyone. */
  playersMin: number | null
}

export interface Attendance {
  seats: number
  /** On the server now. */
  present: number
  gaveUp: number
  /** The host has come, and did not give up. */
  hosted: boolean
}

/** As much of a session as its course depends on. */
export interface Course {
  kind: SessionKind
  state: SessionState
  deadlineAt: number | null
  loadingAt: number | null
  startedAt: number | null
  attendance: Attendance
}

export type SessionEvent =
  /** A server was found and its slots claimed. */
  | 'allocated'
  /** The server can take the players. */
  | 'ready'
  /** The server says that play has begun. */
  | 'started'
  /** Somebody came, went or gave up. */
  | 'attendance'
  /** A result was accepted. */
  | 'finished'
  /** The host wants no more of it. */
  | 'called_off'
  /** The server says that there will be no result. */
  | 'abandoned'
  /** The server is gone. */
  | 'server_lost'
  /** The fleet waits for the server's readiness no longer. */
  | 'server_late'
  /** Somebody looked at the clock. */
  | 'time'

export type Verdict =
  | { kind: 'stay' }
  | { kind: 'move'; to: LiveState; deadlineAt: number }
  /** It stays as it is, for as long as that. */
  | { kind: 'wait'; deadlineAt: number }
  | { kind: 'end'; to: EndState; cause: Cause | null }
  | { kind: 'too_early' }
  | { kind: 'ended' }

const stay: Verdict = { kind: 'stay' }
const tooEarly: Verdict = { kind: 'too_early' }
const cancelled = (cause: Cause): Verdict => ({ kind: 'end', to: 'cancelled', cause })
const abandoned = (cause: Cause): Verdict => ({ kind: 'end', to: 'abandoned', cause })

export const isLive = (state: SessionState): state is LiveState => (liveStates as readonly string[]).includes(state)

export const firstDeadline = (timing: Timing, now: number): number => now + timing.allocateWaitMs

/** A match begins by itself when all have come or time is up; friends wait for their host. */
const startsByItself = (kind: SessionKind): boolean => kind === 'match'

const minimumOf = ({ attendance }: Course, timing: Timing): number =>
  Math.max(1, Math.min(timing.playersMin ?? attendance.seats, attendance.seats))

const isDue = ({ deadlineAt }: Course, now: number): boolean => deadlineAt !== null && deadlineAt <= now

export function after(course: Course, event: SessionEvent, timing: Timing, now: number): Verdict {
  switch (course.state) {
    case 'requested':
      return whileRequested(course, event, timing, now)
    case 'preparing':
      return whilePreparing(course, event, timing, now)
    case 'loading':
      return whileLoading(course, event, timing, now)
    case 'in_progress':
      return inProgress(course, event, timing, now)
    case 'completed':
    case 'abandoned':
    case 'cancelled':
      return { kind: 'ended' }
  }
}

function whileRequested(course: Course, event: SessionEvent, timing: Timing, now: number): Verdict {
  switch (event) {
    case 'allocated':
      return { kind: 'move', to: 'preparing', deadlineAt: now + timing.readyTimeoutMs }
    case 'attendance':
      return unlessHopeless(course, timing)
    case 'abandoned':
      return cancelled('reported')
    case 'called_off':
      return cancelled('host_left')
    case 'time':
      return isDue(course, now) ? cancelled('no_server') : stay
    case 'server_lost':
    case 'server_late':
      return stay
    case 'ready':
    case 'started':
    case 'finished':
      return tooEarly
  }
}

function whilePreparing(course: Course, event: SessionEvent, timing: Timing, now: number): Verdict {
  switch (event) {
    case 'allocated':
      return stay
    case 'ready':
      return { kind: 'move', to: 'loading', deadlineAt: now + timing.loadingTimeoutMs }
    case 'attendance':
      return unlessHopeless(course, timing)
    case 'abandoned':
      return cancelled('reported')
    case 'called_off':
      return cancelled('host_left')
    case 'server_lost':
      return cancelled('server_failed')
    case 'server_late':
      return cancelled('server_not_ready')
    case 'time':
      return isDue(course, now) ? cancelled('server_not_ready') : stay
    case 'started':
    case 'finished':
      return tooEarly
  }
}

function whileLoading(course: Course, event: SessionEvent, timing: Timing, now: number): Verdict {
  const begin: Verdict = { kind: 'move', to: 'in_progress', deadlineAt: now + timing.durationMaxMs }
  const { present, seats, gaveUp, hosted } = course.attendance
  switch (event) {
    case 'allocated':
    case 'ready':
      return stay
    case 'started':
      return begin
    case 'attendance': {
      const hopeless = unlessHopeless(course, timing)
      if (hopeless.kind === 'end') return hopeless
      if (!startsByItself(course.kind)) return inLobby(course, timing, now)
      return present > 0 && present >= seats - gaveUp ? begin : stay
    }
    case 'abandoned':
      return cancelled('reported')
    case 'called_off':
      return cancelled('host_left')
    case 'server_lost':
    case 'server_late':
      return cancelled('server_lost')
    case 'time':
      if (!isDue(course, now)) return stay
      if (present === 0) return cancelled(hosted ? 'empty' : 'nobody_came')
      if (!startsByItself(course.kind)) return cancelled('not_started')
      return present >= minimumOf(course, timing) ? begin : cancelled('too_few_came')
    case 'finished':
      return tooEarly
  }
}

function inProgress(course: Course, event: SessionEvent, timing: Timing, now: number): Verdict {
  switch (event) {
    case 'allocated':
    case 'ready':
    case 'started':
      return stay
    case 'attendance':
      return startsByItself(course.kind) ? stay : inPlay(course, timing, now)
    case 'finished':
      return { kind: 'end', to: 'completed', cause: null }
    case 'abandoned':
      return abandoned('reported')
    case 'called_off':
      return abandoned('host_left')
    case 'server_lost':
    case 'server_late':
      return abandoned('server_lost')
    case 'time':
      if (!isDue(course, now)) return stay
      return abandoned(isEmptyEarly(course, timing, now) ? 'empty' : 'overtime')
  }
}

const until = ({ deadlineAt }: Course, wanted: number): Verdict =>
  wanted === deadlineAt ? stay : { kind: 'wait', deadlineAt: wanted }

/** When all have left, they have a while to come back, and no more than there was time anyway. */
const untilEmpty = (course: Course, timing: Timing, now: number): Verdict =>
  until(course, Math.min(course.deadlineAt ?? Number.POSITIVE_INFINITY, now + timing.emptyMs))

function inLobby(course: Course, timing: Timing, now: number): Verdict {
  const { present, hosted } = course.attendance
  if (present === 0) return hosted ? untilEmpty(course, timing, now) : stay
  return hosted ? until(course, (course.loadingAt ?? now) + timing.lobbyMs) : stay
}

const playEndsAt = ({ startedAt }: Course, timing: Timing, now: number): number =>
  (startedAt ?? now) + timing.durationMaxMs

const isEmptyEarly = (course: Course, timing: Timing, now: number): boolean =>
  !startsByItself(course.kind) && course.attendance.present === 0 && now < playEndsAt(course, timing, now)

const inPlay = (course: Course, timing: Timing, now: number): Verdict =>
  course.attendance.present === 0 ? untilEmpty(course, timing, now) : until(course, playEndsAt(course, timing, now))

/** Waiting on is of no use where fewer than the minimum can still come: the others get back to their queue at once. */
function unlessHopeless(course: Course, timing: Timing): Verdict {
  const { seats, gaveUp } = course.attendance
  if (gaveUp === 0 || !startsByItself(course.kind)) return stay
  return seats - gaveUp < minimumOf(course, timing) ? cancelled('too_few_came') : stay
}
