/** Letters and digits that look and sound like no other of them: no 0 O, 1 I L, 2 Z, 5 S, 8 B, U V. */
const letters = 'ACDEFGHJKMNPQRTWXY34679'

/** Draws a passcode: each letter as likely as any other. */
export function drawPasscode(length: number, draw: (bytes: number) => Uint8Array): string {
  const fair = 256 - (256 % letters.length)
  let code = ''
  while (code.length < length) {
    for (const byte of draw(length)) if (byte < fair && code.length < length) code += letters[byte % letters.length]
  }
  return code
}

/** As it is kept, however it was typed; null where no passcode can be meant. */
export function readPasscode(typed: string): string | null {
  const code = typed.toUpperCase().replace(/[\s-]/g, '')
  return code !== '' && [...code].every((letter) => letters.includes(letter)) ? code : null
}
