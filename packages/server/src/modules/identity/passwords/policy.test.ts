import { Refusal } from '@muster/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commonPasswordsCount, isCommonPassword } from './easily-guessed.ts'
import { passwordBytes, passwordComplaint, requireGoodPassword } from './policy.ts'

describe('passwordComplaint', () => {
  it('[security 11] takes 8 to 256 characters, however many bytes they are', () => {
    const characters = fc.constantFrom('x', 'é', '語', '🎲', '7', ' ', '\u0000')
    fc.assert(
      fc.property(fc.array(characters, { minLength: 1, maxLength: 300 }), (list) => {
        const password = list.join('')
        fc.pre(!isCommonPassword(password))
        expect(passwordComplaint(password, 'someone') === null).toBe(list.length >= 8 && list.length <= 256)
      }),
    )
  })
  it('[security 11] refuses what everybody tries first, in any case', () => {
    for (const password of ['password', 'Password123', 'QWERTYUIOP', '12345678', 'iloveyou', 'aaaaaaaa', 'abcabcabc']) {
      expect(passwordComplaint(password, 'someone')).toContain('tried first')
    }
  })
  it('refuses the username with next to nothing added', () => {
    expect(passwordComplaint('gwendolyn', 'Gwendolyn')).toContain('username')
    expect(passwordComplaint('gwendolyn!7', 'gwendolyn')).toContain('username')
    expect(passwordComplaint('gwendolyn-tea', 'gwendolyn')).toBeNull()
    expect(passwordComplaint('a long and winding road', 'road')).toBeNull()
  })
  it('refuses half a character, which has no bytes of its own', () => {
    expect(passwordComplaint('lone half \ud83c of a pair', 'someone')).toContain('half')
  })
  it('says which field is wrong', () => {
    const refused = () => requireGoodPassword('short', 'someone', 'new_password')
    expect(refused).toThrow(Refusal)
    expect(refused).toThrow('body.new_password must have at least 8 characters')
  })
})

describe('passwordBytes', () => {
  it('[security 11] cuts nothing: longer passwords that begin alike stay apart', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 60, maxLength: 255 }), (start) => {
        expect(passwordBytes(`${start}x`).equals(passwordBytes(`${start}y`))).toBe(false)
      }),
    )
    expect(passwordBytes('before\u0000after')).toHaveLength(12)
  })
  it('takes two spellings of one text for the same', () => {
    expect(passwordBytes('cafe\u0301 au lait').equals(passwordBytes('caf\u00e9 au lait'))).toBe(true)
  })
  it('keeps case and spaces', () => {
    expect(passwordBytes(' Abc ').equals(passwordBytes('abc'))).toBe(false)
  })
})

describe('isCommonPassword', () => {
  it('knows thousands', () => expect(commonPasswordsCount).toBeGreaterThan(3_000))
  it('lets phrases pass', () => {
    for (const password of ['correct horse battery', 'tea at 5 with Ann', 'xK2-9bb-qQ1', 'abcabcabd']) {
      expect(isCommonPassword(password)).toBe(false)
    }
  })
})
