import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiKeyHash, mintApiKey, parseApiKey } from './api-key.ts'

const id = 'key_01k9abcdefghjkmnpqrstvwx'

describe('API keys', () => {
  it('[security 17] name themselves, and are hashed whole', () => {
    const key = mintApiKey(id)
    expect(key.text).toMatch(/^muster_sk_01k9abcdefghjkmnpqrstvwx_[0-9A-Za-z]{49}$/)
    expect(parseApiKey(key.text)).toBe(id)
    expect(apiKeyHash(key.text).equals(key.hash)).toBe(true)
  })
  it('are never alike', () => expect(mintApiKey(id).text).not.toBe(mintApiKey(id).text))
  it('are refused with any one character changed', () => {
    const { text } = mintApiKey(id)
    fc.assert(
      fc.property(fc.integer({ min: 10, max: text.length - 1 }), fc.constantFrom(...'azAZ09'), (at, character) => {
        fc.pre(text[at] !== character && text[at] !== '_')
        expect(parseApiKey(text.slice(0, at) + character + text.slice(at + 1))).toBeNull()
      }),
    )
  })
  it('are told from other text', () => {
    for (const text of ['', 'muster_sk_', 'muster_sk_a_b', `${mintApiKey(id).text}0`])
      expect(parseApiKey(text)).toBeNull()
  })
})
