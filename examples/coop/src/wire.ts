/** Client → server: first `authenticate`; the host then `choose`s; all `strike` once play has begun. */
export type ClientMessage =
  | { type: 'authenticate'; ticket: string }
  | { type: 'choose'; difficulty: number }
  | { type: 'strike' }

/** Server → client. */
export type ServerMessage =
  | { type: 'refused'; reason: string }
  | { type: 'lobby'; host: boolean; players: string[] }
  | { type: 'started'; difficulty: number; health: number }
  | { type: 'hit'; by: string; health: number }
  | { type: 'won'; strikes: Record<string, number> }
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
