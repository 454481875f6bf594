import { hasGuestTag } from '../domain.ts'

const lengthMax = 32

/** A nick out of what a provider says somebody is called, or null where none of it will do. It obeys what nicks obey
 *  that are typed in: printable, without blanks at its ends, not too long, not like a guest's. An address is not shown
 *  to others, so it is no nick. */
export function nickFrom(claims: readonly unknown[]): string | null {
  for (const claim of claims) {
    if (typeof claim !== 'string' || claim.includes('@')) continue
    const nick = cleaned(claim)
    if (nick !== '') return nick
  }
  return null
}

function cleaned(text: string): string {
  // Cut first, so that no work is done on what would be thrown away.
  const plain = text.slice(0, 256).normalize('NFC').replace(/\s+/g, ' ').replace(/\p{C}/gu, '')
  let nick = [...plain.trim()].slice(0, lengthMax).join('').trim()
  while (hasGuestTag(nick)) nick = nick.replace(/#\d+$/, '').trim()
  return nick
}
