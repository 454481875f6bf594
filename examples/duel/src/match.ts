import type { GameSession } from '@muster/gameserver'
import type { WebSocket } from 'ws'
import { begin, type Duel, idle, isOver, play, ranksOf, readMove } from './rules.ts'
import { type Seat, seatsOf, send } from './seats.ts'
import { type ClientMessage, messageIn, type ServerMessage } from './wire.ts'

export interface MatchTimes {
  /** How long both may take to come and load. */
  loadMs: number
  /** How long a player may think; silence then counts as standing still. */
  turnMs: number
}

export interface Match {
  /** Lets a player in by a ticket, on this connection. Gives the reason where it is refused. */
  enter(ticket: string, socket: WebSocket): string | null
  /** Ends it without a result of its own: Muster knows already. */
  stop(reason: string): void
}

/** How long players wait for Muster to take the result before they are told of it. */
const acknowledgeMs = 5_000

/** One duel from the first connection to its result. `onEnd` is called once, when Muster knows how it ended. */
export function runMatch(session: GameSession, times: MatchTimes, onEnd: () => void): Match {
  const seats = seatsOf(session.match)
  let duel: Duel | null = null
  let isEnded = false
  let timer = setTimeout(() => void giveUp(), times.loadMs)
  let startedAt = 0

  const say = (made: (at: number) => ServerMessage) => {
    for (const [at, seat] of seats.entries()) send(seat, made(at))
  }
  const view = ({ fighters: [a, b] }: Duel, at: number) => (at === 0 ? { you: a, them: b } : { you: b, them: a })
  const starting = (from: Duel, at: number): ServerMessage => ({
    ...{ type: 'match_starting', opponent: seats[1 - at]?.nick ?? '', turn: from.turn, ...view(from, at) },
  })

  /** False where it has ended before. */
  function end(): boolean {
    if (isEnded) return false
    isEnded = true
    clearTimeout(timer)
    return true
  }

  async function giveUp() {
    if (!end()) return
    const absent = seats.filter(({ loaded }) => !loaded).map(({ nick }) => nick)
    say(() => ({ type: 'ended', reason: `Not everybody came in time: ${absent.join(', ')}.` }))
    await told(session.abandoned(`Not everybody came in time: ${absent.join(', ')}.`))
    onEnd()
  }

  async function startWhenLoaded() {
    if (duel !== null || isEnded || seats.length !== 2 || !seats.every(({ loaded }) => loaded)) return
    clearTimeout(timer)
    duel = begin()
    const first = duel
    await told(session.started())
    if (isEnded) return
    startedAt = performance.now()
    say((at) => starting(first, at))
    timer = setTimeout(nextTurn, times.turnMs)
  }

  function nextTurn() {
    if (duel === null || isEnded) return
    clearTimeout(timer)
    const [first, second] = seats as [Seat, Seat]
    const after = play(duel, [first.move ?? idle, second.move ?? idle])
    duel = after
    first.move = null
    second.move = null
    if (isOver(after)) return void finish(after)
    say((at) => ({ type: 'turn', turn: after.turn, ...view(after, at) }))
    timer = setTimeout(nextTurn, times.turnMs)
  }

  async function finish(last: Duel) {
    if (!end()) return
    const ranks = ranksOf(last)
    const hits = last.fighters.map((fighter) => fighter.hits)
    const reported = told(
      session.result({
        teams: seats.map(({ player }, at) => ({ players: [player], rank: ranks[at] ?? 1, score: hits[at] ?? 0 })),
        stats: Object.fromEntries(
          seats.map(({ player }, at) => [player, { hits: hits[at] ?? 0, turns: last.turn }] as const),
        ),
        duration_s: (performance.now() - startedAt) / 1_000,
      }),
    )
    // Who hears of the end can search again at once, so Muster hears of it first; but not if that takes long.
    await Promise.race([reported, new Promise((resolve) => setTimeout(resolve, acknowledgeMs).unref())])
    say((at) => {
      const { you, them } = view(last, at)
      const outcome = you.hits === them.hits ? 'drawn' : you.hits > them.hits ? 'won' : 'lost'
      return { type: 'over', outcome, you: you.hits, them: them.hits }
    })
    await reported
    onEnd()
  }

  function take(seat: Seat, message: ClientMessage) {
    if (message.type === 'load_complete') {
      seat.loaded = true
      void startWhenLoaded()
    } else if (message.type === 'turn' && duel !== null && message.turn === duel.turn && seat.move === null) {
      seat.move = readMove(message)
      // Whoever dropped the line has the turn's time to come back.
      if (seats.every(({ move }) => move !== null)) nextTurn()
    }
  }

  return {
    enter(ticket, socket) {
      if (isEnded) return 'the match is over'
      const admission = session.admit(ticket)
      if (!admission.ok) return admission.reason
      const { player, nick } = admission.admitted
      const seat = seats.find((one) => one.player === player)
      if (seat === undefined) return 'not of this match'
      seat.socket?.close(4409, 'replaced')
      seat.socket = socket
      socket.on('message', (data) => {
        const message = messageIn(String(data))
        if (message !== null && seat.socket === socket) take(seat, message)
      })
      socket.on('close', () => {
        if (seat.socket !== socket) return
        seat.socket = null
        session.left(player)
      })
      send(seat, { type: 'authenticated', nick })
      if (duel !== null && startedAt > 0) send(seat, starting(duel, seats.indexOf(seat)))
      return null
    },
    stop(reason) {
      if (!end()) return
      say(() => ({ type: 'ended', reason }))
      for (const { socket } of seats) socket?.close(1001, 'the match has ended')
      onEnd()
    },
  }
}

/** A report that stays refused ends nothing here: Muster has decided otherwise meanwhile. */
const told = (report: Promise<void>): Promise<void> =>
  report.catch((error: unknown) =>
    console.error(`Muster did not take a report: ${error instanceof Error ? error.message : String(error)}`),
  )
