import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { drawPasscode, readPasscode } from './passcodes.ts'

const draw = (bytes: number) => new Uint8Array(randomBytes(bytes))

describe('a passcode', () => {
  it('is made of letters that nobody mistakes, each as often as the others', () => {
    const counts = new Map<string, number>()
    for (let at = 0; at < 10_000; at++) {
      const code = drawPasscode(6, draw)
      expect(code).toMatch(/^[A-Z0-9]{6}$/)
      expect(code).not.toMatch(/[01258BILOSUVZ]/)
      for (const letter of code) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    expect(counts.size).toBe(23)
    for (const count of counts.values()) expect(Math.abs(count / (60_000 / 23) - 1)).toBeLessThan(0.15)
  })

  it('passes over bytes that would make some letters likelier', () => {
    const bytes = [255, 254, 253, 0, 22, 23]
    expect(drawPasscode(3, () => Uint8Array.from(bytes))).toBe('A9A')
  })

  it('is read however it was typed', () => {
    expect(readPasscode(' ac-d 3 ')).toBe('ACD3')
    for (const typed of ['', '  ', 'AC0D', 'ACD!', 'ÄCD']) expect(readPasscode(typed), typed).toBeNull()
  })
})
