import type { FieldComplaint } from '@muster/protocol'

/** Texts that no store of ours can keep: a NUL, or half of a surrogate pair; and nesting without end. Found here, they are a
 *  caller's mistake; found by the database, they would be an error of ours. Answers the places, the first so many. */
export function unstorableTexts(value: unknown, place: string): FieldComplaint[] {
  const found: FieldComplaint[] = []
  look(value, place, 0, found)
  return found
}

const depthMax = 64
const complaintsMax = 20

function look(value: unknown, place: string, depth: number, found: FieldComplaint[]): void {
  if (typeof value === 'string') {
    if (!isStorable(value)) found.push({ field: place, problem: 'has characters that are no text' })
    return
  }
  if (typeof value !== 'object' || value === null) return
  // Whoever walks or prints it after us would run out of stack.
  if (depth >= depthMax) {
    found.push({ field: place, problem: `is nested deeper than ${depthMax}` })
    return
  }
  for (const [name, held] of Object.entries(value)) {
    if (found.length >= complaintsMax) return
    if (isStorable(name)) look(held, `${place}.${name}`, depth + 1, found)
    else found.push({ field: place, problem: 'has a name with characters that are no text' })
  }
}

const isStorable = (text: string): boolean => !text.includes('\u0000') && isWellFormed.call(text)

/** In the language since 2024, in Node since 20; the types follow later. */
const { isWellFormed } = String.prototype as unknown as { isWellFormed(this: string): boolean }
