import type { FieldComplaint } from '@muster/protocol'

/** Texts that no store of ours can keep: a NUL, or half of a surrogate pair. Found here, they are a caller's mistake;
 *  found by the database, they would be an error of ours. Answers the first place, or null. */
export function unstorableText(value: unknown, place: string): FieldComplaint | null {
  if (typeof value === 'string')
    return isStorable(value) ? null : { field: place, problem: 'has characters that are no text' }
  if (typeof value !== 'object' || value === null) return null
  for (const [name, held] of Object.entries(value)) {
    if (!isStorable(name)) return { field: place, problem: 'has a name with characters that are no text' }
    const found = unstorableText(held, `${place}.${name}`)
    if (found !== null) return found
  }
  return null
}

const isStorable = (text: string): boolean => !text.includes('\u0000') && isWellFormed.call(text)

/** In the language since 2024, in Node since 20; the types follow later. */
const { isWellFormed } = String.prototype as unknown as { isWellFormed(this: string): boolean }
