import type { GameSession } from '@muster/gameserver'
import type { WebSocket } from 'ws'
import { begin, type Duel, idle, isOver, type Move, play, ranksOf, readMove } from './rules.ts'
import type { ClientMessage, ServerMessage } from './wire.ts'

type PlayerId = `player_${string}`

interface Seat {
  player: PlayerId
  nick: string
  socket: WebSocket | null
  loaded: boolean
  move: Move | null
}

export interface MatchTimes {
  /** How long both may take to come and load. */
  loadMs: number
  /** How long a player may think; silence then counts as standing still. */
  turnMs: number
}

/** One duel from the first connection to its result. `onEnd` is called once. */
export function runMatch(session: GameSession, times: MatchTimes, onEnd: () => void) {
  const players = (session.match.factions ?? []).flat()
  const seats = players.map(
    (player): Seat => ({
      player,
      nick: session.match.nicknames?.[player] ?? player,
      socket: null,
      loaded: false,
      move: null,
    }),
  )
  let duel: Duel | null = null
  let over = false
  let timer = setTimeout(() => void giveUp(), times.loadMs)
  const startedAt = performance.now()

  const send = (seat: Seat, message: ServerMessage) => seat.socket?.send(JSON.stringify(message))
  const both = (made: (me: 0 | 1) => ServerMessage) => {
    seats.forEach((seat, at) => {
      send(seat, made(at as 0 | 1))
    })
  }
  const view = (at: 0 | 1) => {
    const [a, b] = (duel as Duel).fighters
    return at === 0 ? { you: a, them: b } : { you: b, them: a }
  }

  async function giveUp() {
    if (over) return
    over = true
    const absent = seats.filter(({ loaded }) => !loaded).map(({ nick }) => nick)
    await session.abandoned(`Not everybody came in time: ${absent.join(', ')}.`)
    both(() => ({ type: 'ended', reason: 'The other player did not come.' }))
    onEnd()
  }

  async function startWhenLoaded() {
    if (duel !== null || over || seats.length !== 2 || !seats.every(({ loaded }) => loaded)) return
    clearTimeout(timer)
    duel = begin()
    await session.started()
    both((at) => ({ type: 'match_starting', opponent: seats[1 - at]?.nick ?? '', turn: 0, ...view(at) }))
    timer = setTimeout(() => void nextTurn(), times.turnMs)
  }

  async function nextTurn() {
    if (duel === null || over) return
    clearTimeout(timer)
    const [first, second] = seats as [Seat, Seat]
    duel = play(duel, [first.move ?? idle, second.move ?? idle])
    first.move = null
    second.move = null
    if (isOver(duel)) return finish()
    const { turn } = duel
    both((at) => ({ type: 'turn', turn, ...view(at) }))
    timer = setTimeout(() => void nextTurn(), times.turnMs)
  }

  async function finish() {
    over = true
    const ended = duel as Duel
    const ranks = ranksOf(ended)
    await session.result({
      teams: seats.map(({ player }, at) => ({
        players: [player],
        rank: ranks[at] as number,
        score: ended.fighters[at]?.hits ?? 0,
      })),
      stats: Object.fromEntries(
        seats.map(({ player }, at) => [player, { hits: ended.fighters[at]?.hits ?? 0, turns: ended.turn }]),
      ),
      duration_s: (performance.now() - startedAt) / 1_000,
    })
    both((at) => {
      const { you, them } = view(at)
      const outcome = you.hits === them.hits ? 'drawn' : you.hits > them.hits ? 'won' : 'lost'
      return { type: 'over', outcome, you: you.hits, them: them.hits }
    })
    onEnd()
  }

  function take(seat: Seat, message: ClientMessage) {
    if (message.type === 'load_complete') {
      seat.loaded = true
      void startWhenLoaded()
    } else if (message.type === 'turn' && duel !== null && message.turn === duel.turn && seat.move === null) {
      seat.move = readMove(message)
      if (seats.every(({ move, socket }) => move !== null || socket === null)) void nextTurn()
    }
  }

  return {
    /** A new connection: its first message must bring a ticket. */
    welcome(socket: WebSocket) {
      let seat: Seat | null = null
      const refuse = (reason: string) => {
        socket.send(JSON.stringify({ type: 'refused', reason } satisfies ServerMessage))
        socket.close(1008, reason)
      }
      const impatience = setTimeout(() => refuse('no ticket came'), 5_000)
      socket.on('message', (data) => {
        const message = parse(String(data))
        if (message === null) return refuse('malformed')
        if (seat !== null) return take(seat, message)
        if (message.type !== 'authenticate') return refuse('authenticate first')
        clearTimeout(impatience)
        const admission = session.admit(message.ticket)
        if (!admission.ok) return refuse(admission.reason)
        const { player, nick } = admission.admitted
        const own = seats.find((one) => one.player === player)
        if (own === undefined) return refuse('not of this match')
        own.socket?.close(4409, 'replaced')
        own.socket = socket
        seat = own
        send(own, { type: 'authenticated', nick })
        if (duel !== null) {
          const at = seats.indexOf(own) as 0 | 1
          send(own, { type: 'match_starting', opponent: seats[1 - at]?.nick ?? '', turn: duel.turn, ...view(at) })
        }
      })
      socket.on('error', () => socket.terminate())
      socket.on('close', () => {
        clearTimeout(impatience)
        if (seat?.socket !== socket) return
        seat.socket = null
        session.left(seat.player)
      })
    },
  }
}

function parse(text: string): ClientMessage | null {
  try {
    const message = JSON.parse(text) as ClientMessage | null
    return typeof message?.type === 'string' ? message : null
  } catch {
    return null
  }
}
