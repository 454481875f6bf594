import type { FieldComplaint } from '@muster/protocol'

/** What no store of ours can keep: text with a NUL or half of a surrogate pair, a number beyond all numbers (`1e999` is
 *  read as infinity, which JSON writes as null), nesting without end. Found here, it is a caller's mistake; found by the
 *  database, it would be an error of ours. Answers the places, the first so many. */
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
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) found.push({ field: place, problem: 'is a number too large to keep' })
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
