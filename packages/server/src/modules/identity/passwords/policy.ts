import { type FieldComplaint, Refusal } from '@muster/protocol'
import { isCommonPassword } from './easily-guessed.ts'

const charactersMin = 8
const charactersMax = 256

/** The bytes that are hashed. Unicode has several spellings of one text, and keyboards differ in which they send, so
 *  passwords are compared in normal form C (RFC 8265, OpaqueString). Nothing is cut, folded or trimmed. */
export const passwordBytes = (password: string): Buffer => Buffer.from(password.normalize('NFC'), 'utf8')

/** What is wrong with a password that somebody wants to have from now on; null if nothing is. */
export function passwordComplaint(password: string, username: string): string | null {
  const text = password.normalize('NFC')
  // A lone half of a surrogate pair has no bytes of its own: two such passwords would be one.
  if (/\p{Surrogate}/u.test(text)) return 'holds half a character'
  const characters = [...text].length
  if (characters < charactersMin) return `must have at least ${charactersMin} characters`
  if (characters > charactersMax) return `must have at most ${charactersMax} characters`
  if (isCommonPassword(text)) return 'is among the passwords that are tried first; choose another'
  if (text.toLowerCase().includes(username.toLowerCase()) && characters <= username.length + 2) {
    return 'is hardly more than the username; choose another'
  }
  return null
}

/** Throws INVALID_REQUEST, naming the field, for a password nobody should have. */
export function requireGoodPassword(password: string, username: string, field: string): void {
  const problem = passwordComplaint(password, username)
  if (problem === null) return
  const fields: FieldComplaint[] = [{ field: `body.${field}`, problem }]
  throw new Refusal('INVALID_REQUEST', { detail: `body.${field} ${problem}`, fields })
}
