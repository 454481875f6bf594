import { type Match, type PlayerId, Refusal, type SessionId } from '@muster/protocol'
import { type Clock, timeText } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { drawnBytes } from '../../platform/drawn-bytes.ts'
import { gather } from '../../platform/gather.ts'
import { matchOf } from './brief.ts'
import type { SessionsOptions } from './config.ts'
import { createConnectTokens } from './connect-tokens.ts'
import type { Figures } from './figures.ts'
import type { FleetNeeds } from './needs.ts'
import type { Seat } from './seats.ts'
import type { KeptSession, SessionStore, StampedTicket } from './store.ts'
import { signTicket } from './tickets.ts'
import type { Rules } from './timing.ts'

export interface Issued extends Pick<StampedTicket, 'host' | 'port' | 'mode'> {
  ticket: string
  /** Base64; null where the mode's servers take none. */
  connectToken: string | null
  endsAt: number
}

export interface Admissions {
  /** A fresh ticket for a player with a seat; refuses where there is none to be had. */
  issue(session: SessionId, player: PlayerId): Promise<Issued>
  /** What a confirmed match's player is told, with a fresh ticket; null unless the player can come in right now. */
  admissionOf(
    session: SessionId,
    player: PlayerId,
  ): Promise<{ match: Match; ticket: string; connect_token?: string; expires_at: string } | null>
}

interface SeatOf {
  session: SessionId
  player: PlayerId
}

export interface AdmissionsNeeds {
  clock: Clock
  db: Db
  store: SessionStore
  fleet: Pick<FleetNeeds, 'addSlots' | 'ticketKeyOf' | 'netcodeKeyOf'>
  figures: Figures
  rules: Rules
}

type AdmissionsOptions = Pick<
  SessionsOptions,
  'clockSlackS' | 'ticketGatherMs' | 'ticketBatchMax' | 'ticketsWaitingMax'
>

const jtiBytes = 12

/** Lets players in: a ticket goes out only against a slot that is held for it, and is written down before it is signed. */
export function createAdmissions(needs: AdmissionsNeeds, options: AdmissionsOptions): Admissions {
  const { clock, db, store, fleet, figures, rules } = needs
  const chance = drawnBytes()
  const { netcodeKeyOf } = fleet
  const connectTokenFor = createConnectTokens({ draw: chance, netcodeKeyOf, netcodeOf: rules.netcodeOf })
  const clockSlackMs = options.clockSlackS * 1_000

  const stampAll = (tx: Tx, seats: readonly SeatOf[]) =>
    store.stampTickets(tx, { seats, now: clock.now(), clockSlackMs })

  const gathered = {
    delayMs: options.ticketGatherMs,
    batchMax: options.ticketBatchMax,
    waitingMax: options.ticketsWaitingMax,
    refuse: () => new Refusal('BUSY', { retryAfterS: 1 }),
  }
  const stamp = gather<SeatOf, StampedTicket | undefined>(clock, gathered, async (seats) => {
    const stamps = await db.once((tx) => stampAll(tx, seats))
    const bySeat = new Map(stamps.map((found) => [`${found.session} ${found.player}`, found]))
    return seats.map(({ session, player }) => bySeat.get(`${session} ${player}`))
  })
  const read = gather<SessionId, KeptSession | undefined>(clock, gathered, async (ids) => {
    const kept = await db.once((tx) => store.read(tx, [...new Set(ids)]))
    const byId = new Map(kept.map((session) => [session.id, session]))
    return ids.map((id) => byId.get(id))
  })

  /** The seat holds no slot, or is busy. */
  const stampAnew = (id: SessionId, player: PlayerId): Promise<StampedTicket | Refusal> =>
    db.transact(async (tx) => {
      const seat = admissible(await store.lock(tx, id), player)
      if (seat instanceof Refusal) return seat
      if (!seat.slot) {
        if (!(await fleet.addSlots(tx, id, 1))) return new Refusal('SESSION_FULL')
        await store.changeSeats(tx, id, [{ ...seat, slot: true, slotEndsAt: clock.now() }])
      }
      const [found] = await stampAll(tx, [{ session: id, player }])
      return found ?? notReady()
    })

  async function stamped(session: SessionId, player: PlayerId): Promise<Issued | Refusal> {
    const found = await stamp({ session, player })
    if (found !== undefined) return sign(session, player, found)
    // Whoever has no business there is refused without holding anything up.
    const seat = admissible(await read(session), player)
    if (seat instanceof Refusal) return seat
    const anew = await stampAnew(session, player)
    return anew instanceof Refusal ? anew : sign(session, player, anew)
  }

  function sign(session: SessionId, player: PlayerId, found: StampedTicket): Issued {
    const { server, instance, host, port, mode, nick, guest, team, role, endsAt } = found
    const ticket = signTicket(fleet.ticketKeyOf(server, instance), {
      iss: 'muster',
      aud: server,
      sid: session,
      sub: player,
      nick,
      team,
      role,
      guest,
      iat: Math.floor(clock.now() / 1_000),
      exp: endsAt / 1_000,
      jti: chance(jtiBytes).toString('base64url'),
    })
    figures.ticketIssued()
    return { ticket, connectToken: connectTokenFor(found, clock.now()), endsAt, host, port, mode }
  }

  return {
    async issue(session, player) {
      const issued = await stamped(session, player)
      if (issued instanceof Refusal) throw issued
      return issued
    },
    async admissionOf(id, player) {
      const issued = await stamped(id, player)
      if (issued instanceof Refusal) return null
      const session = await read(id)
      const match = session === undefined ? null : matchOf(session, rules)
      if (match === null) return null
      return {
        ...{ match, ticket: issued.ticket },
        ...(issued.connectToken === null ? {} : { connect_token: issued.connectToken }),
        expires_at: timeText(issued.endsAt),
      }
    },
  }
}

const notReady = () =>
  new Refusal('SESSION_STATE', { detail: 'The server is not ready yet. Try again shortly.', retryAfterS: 1 })

/** The player's seat, or why no ticket is to be had for it. */
function admissible(session: KeptSession | null | undefined, player: PlayerId): Seat | Refusal {
  const seat = session?.seats.find((one) => one.player === player)
  if (!session || seat === undefined) return new Refusal('SESSION_NOT_FOUND')
  if (session.endedAt !== null) return new Refusal('SESSION_ENDED')
  if (session.state === 'requested' || session.state === 'preparing') return notReady()
  if (seat.gaveUpAt !== null) return new Refusal('SESSION_STATE', { detail: 'You gave up your place in it.' })
  return seat
}
