import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nickFrom } from './nick.ts'

/** As `packages/protocol` has it for nicks that are typed in. */
const nickPattern = /^[^\p{C}\s](?:[^\p{C}]*[^\p{C}\s])?$/u

describe('a nick from what a provider says', () => {
  it('is the first that will do', () => {
    expect(nickFrom([undefined, 5, '', ' \t', 'ann@example.com', 'Ann', 'Bob'])).toBe('Ann')
    expect(nickFrom([])).toBeNull()
    expect(nickFrom([null, {}, ['Ann'], '\u0000', '#42'])).toBeNull()
  })
  it('is cleaned: printable, without a guest’s tag, not too long', () => {
    expect(nickFrom(['  Ann\n\tOf\u202e the   Hill '])).toBe('Ann Of the Hill')
    expect(nickFrom(['rook#4821'])).toBe('rook')
    expect(nickFrom(['rook#1#2 #3'])).toBe('rook')
    expect(nickFrom(['cafe\u0301'])).toBe('caf\u00e9')
    expect(nickFrom(['👻'.repeat(40)])).toBe('👻'.repeat(32))
  })
  it('obeys what typed nicks obey, whatever is said', () => {
    const claims = fc.array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(null, 5, {}),
      ),
      { maxLength: 3 },
    )
    fc.assert(
      fc.property(claims, (said) => {
        const nick = nickFrom(said)
        if (nick === null) return
        expect(nick).toMatch(nickPattern)
        expect([...nick].length).toBeLessThanOrEqual(32)
        expect(nick).not.toMatch(/#\d+$/)
      }),
    )
  })
})
