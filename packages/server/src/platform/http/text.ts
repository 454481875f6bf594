import type { FieldComplaint } from '@muster/protocol'

/** Texts that no store of ours can keep: a NUL, or half of a surrogate pair; and nesting without end. Found here, they are a caller's mistake;
 *  found by the database, they would be an error of ours. Answers the first place, or null. */
export function unstorableText(value: unknown, place: string, depth = 0): FieldComplaint | null {
  if (typeof value === 'string')
    return isStorable(value) ? null : { field: place, problem: 'has characters that are no text' }
  if (typeof value !== 'object' || value === null) return null
  // Whoever walks or prints it after us would run out of stack.
  if (depth >= depthMax) return { field: place, problem: `is nested deeper than ${depthMax}` }
  for (const [name, held] of Object.entries(value)) {
    if (!isStorable(name)) return { field: place, problem: 'has a name with characters that are no text' }
    const found = unstorableText(held, `${place}.${name}`, depth + 1)
    if (found !== null) return found
  }
  return null
}

const depthMax = 64

const isStorable = (text: string): boolean => !text.includes('\u0000') && isWellFormed.call(text)

/** In the language since 2024, in Node since 20; the types follow later. */
const { isWellFormed } = String.prototype as unknown as { isWellFormed(this: string): boolean }
