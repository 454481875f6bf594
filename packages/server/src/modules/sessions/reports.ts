import { type PlayerId, Refusal, type SessionId, type SessionState } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { Verdict } from './domain.ts'
import type { KeepLate } from './late.ts'
import type { FleetNeeds } from './needs.ts'
import { came, missed, type Seat, went } from './seats.ts'
import type { Steps, With } from './steps.ts'
import type { KeptSession, SessionStore } from './store.ts'
import type { Rules } from './timing.ts'

export interface PlayersReport {
  joined?: readonly PlayerId[]
  left?: readonly PlayerId[]
  /** Counts the reports of a session; an older one than the newest is taken for a repetition. */
  seq?: number
}

/** What a server says of its session. Each report may be repeated: a repetition is answered as the first was. */
export interface Reports {
  ready(session: SessionId, port: number | undefined): Promise<SessionState>
  started(session: SessionId, chosen: unknown): Promise<SessionState>
  /** With those who are to be dropped: they gave up, and are there as far as the server said. */
  players(session: SessionId, report: PlayersReport): Promise<{ state: SessionState; kick: PlayerId[] }>
  abandoned(session: SessionId, reason: string): Promise<SessionState>
}

export interface ReportsNeeds {
  clock: Clock
  db: Db
  log: Log
  wakes: Wakes
  store: SessionStore
  steps: Steps
  fleet: Pick<FleetNeeds, 'confirm' | 'addSlots' | 'kick' | 'viewOf'>
  keepLate: KeepLate
  rules: Rules
}

export function createReports({ clock, db, log, wakes, store, steps, fleet, keepLate, rules }: ReportsNeeds): Reports {
  /** Runs `act` on the locked session. What it refuses is thrown after the commit, for late news is kept. */
  async function onLocked<Answer = SessionState>(
    id: SessionId,
    late: { kind: string; body: unknown; repeats?: Repeated<Answer> },
    act: (tx: Tx, session: KeptSession) => Promise<Answer | Refusal>,
  ): Promise<Answer> {
    const outcome = await db.transact(async (tx) => {
      const session = await store.lock(tx, id)
      if (session === null) return new Refusal('SESSION_NOT_FOUND')
      if (session.endedAt === null) return act(tx, session)
      if (late.repeats?.of(session)) return late.repeats.answer(session)
      await keepLate(tx, id, late.kind, late.body)
      return new Refusal('SESSION_ENDED', { detail: `The session is ${session.state}; the report is kept as late.` })
    })
    if (outcome instanceof Refusal) throw outcome
    return outcome
  }

  const tooEarly = (session: KeptSession) =>
    new Refusal('SESSION_STATE', { detail: `The session is ${session.state}; report that it is ready first.` })

  const stateAfter = (session: KeptSession, verdict: Verdict): SessionState =>
    verdict.kind === 'move' || verdict.kind === 'end' ? verdict.to : session.state

  const told = async (tx: Tx, session: KeptSession, event: 'ready' | 'started' | 'abandoned', extra: With) => {
    const verdict = await steps.take(tx, session, event, extra)
    return verdict.kind === 'too_early' ? tooEarly(session) : stateAfter(session, verdict)
  }

  return {
    async ready(id, port) {
      const view = (await fleet.viewOf([id])).get(id)
      return onLocked(id, { kind: 'ready', body: { port } }, async (tx, session) => {
        if (session.state === 'preparing') await fleet.confirm(tx, id, port)
        const served = { host: view?.host ?? session.host, port: port ?? view?.port ?? session.port }
        return told(tx, session, 'ready', { served })
      })
    },

    started: (id, chosen) =>
      onLocked(id, { kind: 'started', body: { settings: chosen } }, async (tx, session) => {
        // All may have come, and play so have begun for us, before the server says so and with what.
        if (session.state === 'in_progress' && chosen !== undefined) await store.choose(tx, id, chosen)
        return told(tx, session, 'started', { chosen })
      }),

    players: (id, report) =>
      onLocked(id, { kind: 'players', body: report }, async (tx, session) => {
        if (session.state !== 'loading' && session.state !== 'in_progress') return tooEarly(session)
        if (report.seq !== undefined && report.seq <= session.playersSeq) {
          return { state: session.state, kick: unwelcome(session.seats) }
        }
        const strangers = strangersIn(session, report)
        if (strangers.length > 0) {
          return new Refusal('INVALID_REQUEST', {
            detail: 'The report names players that have no seat in this session.',
            fields: strangers.map((player) => ({ field: player, problem: 'has no seat in this session' })),
          })
        }
        const seats = seatsAfter(session, report)
        const changed = seats.filter((seat, at) => seat !== session.seats[at])
        await store.changeSeats(tx, id, await withSlots(tx, session, changed))
        // Whoever gave up and still came in by an old ticket may be playing elsewhere by now.
        for (const { player, state, gaveUpAt } of changed) {
          if (state === 'joined' && gaveUpAt !== null) await fleet.kick(tx, id, player, 'left')
        }
        await store.told(tx, id, report.seq ?? session.playersSeq)
        const verdict = await steps.take(tx, { ...session, seats, told: true }, 'attendance')
        if (staysOpen(verdict) && changed.length > 0) afterCommit(tx, () => wakes.wake('session', [id]))
        return { state: stateAfter(session, verdict), kick: unwelcome(seats) }
      }),

    abandoned: (id, reason) =>
      onLocked(
        id,
        {
          kind: 'abandoned',
          body: { reason },
          repeats: {
            of: ({ cause, detail }) => cause === 'reported' && detail === reason,
            answer: ({ state }) => state,
          },
        },
        (tx, session) => told(tx, session, 'abandoned', { detail: reason }),
      ),
  }

  function seatsAfter(session: KeptSession, { joined = [], left = [] }: PlayersReport): Seat[] {
    const now = clock.now()
    const graces = rules.gracesOf(session.mode)
    // With the first word of who came, whoever was not named by the end of loading is known to be missing.
    const firstWord = session.state === 'in_progress' && !session.told
    return session.seats.map((seat) => {
      let after = seat
      if (joined.includes(seat.player) && seat.state !== 'joined') after = came(after, now)
      if (left.includes(seat.player)) after = went(after, now, graces)
      return firstWord ? missed(after, now, graces) : after
    })
  }

  /** Whoever came in on a slot that was given back meanwhile takes one again; the server holds the player either way. */
  async function withSlots(tx: Tx, session: KeptSession, seats: readonly Seat[]): Promise<Seat[]> {
    const after: Seat[] = []
    for (const seat of seats) {
      if (seat.state !== 'joined' || seat.slot) {
        after.push(seat)
        continue
      }
      const slot = await fleet.addSlots(tx, session.id, 1)
      if (!slot) log.warn({ session: session.id, player: seat.player }, 'a player came in without a free slot')
      after.push({ ...seat, slot })
    }
    return after
  }
}

/** What a report that comes again after the end is known and answered by. */
interface Repeated<Answer> {
  of(session: KeptSession): boolean
  answer(session: KeptSession): Answer
}

const unwelcome = (seats: readonly Seat[]): PlayerId[] =>
  seats.filter(({ state, gaveUpAt }) => state === 'joined' && gaveUpAt !== null).map(({ player }) => player)

const staysOpen = ({ kind }: Verdict): boolean => kind === 'stay' || kind === 'wait'

const strangersIn = ({ seats }: KeptSession, { joined = [], left = [] }: PlayersReport): PlayerId[] => {
  const known = new Set(seats.map(({ player }) => player))
  return [...joined, ...left].filter((player) => !known.has(player))
}
