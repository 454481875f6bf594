import { BadInput } from '../bad-input.ts'

/** One line of a file of results. */
export interface PlayedGame {
  readonly atMs?: number
  readonly teams: readonly (readonly string[])[]
  readonly ranks: readonly number[]
}

export const nameLengthMax = 200

export function assertName(name: unknown, place: string): asserts name is string {
  if (typeof name !== 'string') throw new BadInput(`${place}: a player's name is text, not ${JSON.stringify(name)}`)
  if (name.trim() === '') throw new BadInput(`${place}: the player has no name`)
  if (name.length > nameLengthMax) throw new BadInput(`${place}: the name is longer than ${nameLengthMax} characters`)
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2})?)?$/

/** Milliseconds since the epoch, from an RFC 3339 time or date. Without an offset it is UTC, wherever this runs. */
export function timeOf(text: string, place: string): number {
  const [date, clock = '00:00Z'] = text.trim().split(/[Tt ]/)
  const zoned = /([Zz]|[+-]\d{2}:?\d{2})$/.test(clock) ? clock : `${clock}Z`
  const atMs = rfc3339.test(text.trim()) ? Date.parse(`${date}T${zoned.toUpperCase()}`) : Number.NaN
  if (Number.isNaN(atMs)) throw new BadInput(`${place}: '${text}' is no time; write it as 2004-08-06T18:13:50Z`)
  return atMs
}
