import type { MatchInfo } from '@muster/gameserver'
import type { WebSocket } from 'ws'
import type { Move } from './rules.ts'
import type { ServerMessage } from './wire.ts'

export type PlayerId = `player_${string}`

/** One of the two players, with the connection that is theirs now. */
export interface Seat {
  player: PlayerId
  nick: string
  socket: WebSocket | null
  loaded: boolean
  /** What the player does in this turn, once it is known. */
  move: Move | null
}

export const seatsOf = ({ factions = [], nicknames = {} }: MatchInfo): Seat[] =>
  factions.flat().map((player) => ({
    ...{ player, nick: nicknames[player] ?? player },
    ...{ socket: null, loaded: false, move: null },
  }))

export const send = (seat: Seat, message: ServerMessage) => seat.socket?.send(JSON.stringify(message))
