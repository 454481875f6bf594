import type { FoundMatch } from '@muster/client'
import { WebSocket } from 'ws'
import { cells, type Fighter, type Move } from './rules.ts'
import type { ServerMessage } from './wire.ts'

export interface DuelOutcome {
  outcome: 'won' | 'lost' | 'drawn'
  you: number
  them: number
}

/** Chooses a move: with `skill` from 0 to 1, how often it aims where the other can be, and keeps moving. */
export function choose(skill: number, you: Fighter, them: Fighter, chance: () => number): Move {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)] as T
  if (chance() >= skill) return { step: 0, fire: pick([...Array(cells).keys()]) }
  const reachable = [them.cell - 1, them.cell, them.cell + 1].filter((cell) => cell >= 0 && cell < cells)
  const steps = [-1, 0, 1].filter((step) => you.cell + step >= 0 && you.cell + step < cells)
  return { step: pick(steps), fire: pick(reachable) }
}

const patienceMs = 60_000

/** Connects with the ticket, loads, and plays the duel to its end. */
export function playDuel(
  found: Pick<FoundMatch, 'match' | 'ticket'>,
  options: { skill: number; chance?: () => number },
): Promise<DuelOutcome> {
  const chance = options.chance ?? Math.random
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${found.match.address}`)
    const timer = setTimeout(() => fail('The duel did not end in time.'), patienceMs)
    const fail = (reason: string) => {
      clearTimeout(timer)
      socket.terminate()
      reject(new Error(reason))
    }
    const say = (message: object) => socket.send(JSON.stringify(message))
    const turn = (number: number, you: Fighter, them: Fighter) =>
      say({ type: 'turn', turn: number, ...choose(options.skill, you, them, chance) })

    socket.on('open', () => say({ type: 'authenticate', ticket: found.ticket }))
    socket.on('error', (error) => fail(`The game server could not be reached: ${error.message}`))
    socket.on('close', (code) => fail(`The game server hung up (${code}).`))
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as ServerMessage
      if (message.type === 'authenticated') say({ type: 'load_complete' })
      else if (message.type === 'match_starting' || message.type === 'turn')
        turn(message.turn, message.you, message.them)
      else if (message.type === 'refused' || message.type === 'ended') fail(message.reason)
      else if (message.type === 'over') {
        clearTimeout(timer)
        resolve({ outcome: message.outcome, you: message.you, them: message.them })
        socket.close(1000)
      }
    })
  })
}
