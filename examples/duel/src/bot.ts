import { WebSocket } from 'ws'
import { cells, type Fighter, type Move } from './rules.ts'
import type { ServerMessage } from './wire.ts'

export interface DuelOutcome {
  outcome: 'won' | 'lost' | 'drawn'
  you: number
  them: number
}

export interface Score {
  turn: number
  you: number
  them: number
}

/** Where to play, and what lets one in. */
export interface Way {
  address: string
  ticket: string
}

export interface PlayOptions {
  /** From 0, who fires blindly, to 1. */
  skill: number
  chance?: () => number
  /** How long it thinks about each turn. */
  thinkMs?: number
  onStart?: (opponent: string) => void
  onTurn?: (score: Score) => void
  /** Asked for a fresh ticket when the line drops; without it, a dropped line ends the play. */
  comeBack?: () => Promise<Way>
  /** Longest play, from the first connection on. */
  patienceMs?: number
}

/** Chooses a move. With `skill` from 0 to 1, how often it keeps moving and fires where the other will most likely stand,
 *  judging by the steps that were `seen`; else it stands still and fires anywhere. */
export function choose(
  skill: number,
  you: Fighter,
  them: Fighter,
  chance: () => number,
  seen: readonly number[] = [],
): Move {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)] as T
  if (chance() >= skill) return { step: 0, fire: pick([...Array(cells).keys()]) }
  const inside = (cell: number) => cell >= 0 && cell < cells
  const steps = [-1, 0, 1].filter((step) => inside(you.cell + step))
  const likely = [-1, 0, 1]
    .filter((step) => inside(them.cell + step))
    .map((step) => ({ cell: them.cell + step, weight: 1 + seen.filter((one) => one === step).length }))
  const most = Math.max(...likely.map(({ weight }) => weight))
  return { step: pick(steps), fire: pick(likely.filter(({ weight }) => weight === most)).cell }
}

/** Times that the line may drop before it counts as gone. */
const returnsMax = 5

/** The line dropped before the duel was over. */
class Dropped extends Error {}

/** Connects with the ticket, loads, and plays the duel to its end. Throws where that cannot be. */
export async function playDuel(way: Way, options: PlayOptions): Promise<DuelOutcome> {
  const until = performance.now() + (options.patienceMs ?? 60_000)
  let next = way
  for (let returns = 0; ; returns++) {
    try {
      return await playOnOneLine(next, options, until - performance.now())
    } catch (error) {
      if (!(error instanceof Dropped) || options.comeBack === undefined || returns >= returnsMax) throw error
      next = await options.comeBack()
    }
  }
}

function playOnOneLine(way: Way, options: PlayOptions, patienceMs: number): Promise<DuelOutcome> {
  const { skill, chance = Math.random, thinkMs = 0 } = options
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${way.address}`)
    const timer = setTimeout(() => fail(new Error('The duel did not end in time.')), Math.max(0, patienceMs))
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.terminate()
      reject(error)
    }
    const say = (message: object) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
    }
    const seen: number[] = []
    let stood: number | null = null
    const turn = (number: number, you: Fighter, them: Fighter) => {
      options.onTurn?.({ turn: number, you: you.hits, them: them.hits })
      if (stood !== null) seen.push(them.cell - stood)
      stood = them.cell
      const move = () => say({ type: 'turn', turn: number, ...choose(skill, you, them, chance, seen) })
      if (thinkMs > 0) setTimeout(move, thinkMs)
      else move()
    }
    const hear = (message: ServerMessage) => {
      switch (message.type) {
        case 'authenticated':
          return say({ type: 'load_complete' })
        case 'match_starting':
          options.onStart?.(message.opponent)
          return turn(message.turn, message.you, message.them)
        case 'turn':
          return turn(message.turn, message.you, message.them)
        case 'refused':
          return fail(new Error(`The game server refused: ${message.reason}.`))
        case 'ended':
          return fail(new Error(message.reason))
        case 'over':
          clearTimeout(timer)
          resolve({ outcome: message.outcome, you: message.you, them: message.them })
          return socket.close(1000)
      }
    }
    socket.on('open', () => say({ type: 'authenticate', ticket: way.ticket }))
    socket.on('error', (error) => fail(new Dropped(`The game server could not be reached: ${error.message}`)))
    socket.on('close', (code) => fail(new Dropped(`The game server hung up (${code}).`)))
    socket.on('message', (data) => hear(JSON.parse(String(data)) as ServerMessage))
  })
}
