import type { Fighter, Move } from './rules.ts'

/** Client → server: first `authenticate`, then `load_complete`, then one `turn` a turn. */
export type ClientMessage =
  | { type: 'authenticate'; ticket: string }
  | { type: 'load_complete' }
  | ({ type: 'turn'; turn: number } & Move)

/** Server → client. `you` and `them` are as the receiver sees them. */
export type ServerMessage =
  | { type: 'refused'; reason: string }
  | { type: 'authenticated'; nick: string }
  | { type: 'match_starting'; opponent: string; you: Fighter; them: Fighter; turn: number }
  | { type: 'turn'; turn: number; you: Fighter; them: Fighter }
  | { type: 'over'; outcome: 'won' | 'lost' | 'drawn'; you: number; them: number }
  | { type: 'ended'; reason: string }

/** What a client sent, as far as it is a message at all; each of its fields is still to be looked at. */
export function messageIn(text: string): ClientMessage | null {
  try {
    const message = JSON.parse(text) as ClientMessage | null
    return typeof message?.type === 'string' ? message : null
  } catch {
    return null
  }
}
