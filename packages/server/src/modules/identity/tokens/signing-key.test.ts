import { describe, expect, it } from 'vitest'
import { createSecrets } from '../../../platform/secrets.ts'
import { dueKey, makeSigningKey, oldestNeeded, openSigningKey, signingNow } from './signing-key.ts'

const options = { signingKeyAgeS: 1_000, signingKeyAheadS: 100, accessTokenS: 50 }
const second = 1_000

describe('dueKey', () => {
  it('makes the first key at once', () => {
    expect(dueKey([], 5 * second, options)).toEqual({ generation: 1, signsFrom: 5 * second })
  })
  it('makes the next one ahead of the time it signs, and no sooner', () => {
    const first = { generation: 1, signsFrom: 0 }
    expect(dueKey([first], 899 * second, options)).toBeNull()
    expect(dueKey([first], 900 * second, options)).toEqual({ generation: 2, signsFrom: 1_000 * second })
  })
  it('lets even a late one be seen before it signs', () => {
    const first = { generation: 1, signsFrom: 0 }
    expect(dueKey([first], 5_000 * second, options)).toEqual({ generation: 2, signsFrom: 5_100 * second })
  })
})

describe('signingNow and oldestNeeded', () => {
  const keys = [1, 2, 3].map((generation) => ({ generation, signsFrom: (generation - 1) * 1_000 * second }))
  it('changes over at the appointed time', () => {
    expect(signingNow(keys, 999 * second)?.generation).toBe(1)
    expect(signingNow(keys, 1_000 * second)?.generation).toBe(2)
  })
  it('keeps a key while a token of it may live', () => {
    expect(oldestNeeded(keys, 1_000 * second, options)).toBe(1)
    expect(oldestNeeded(keys, 1_109 * second, options)).toBe(1)
    expect(oldestNeeded(keys, 1_110 * second, options)).toBe(2)
  })
})

describe('a kept signing key', () => {
  const secrets = createSecrets(Buffer.alloc(32, 1))
  const row = makeSigningKey(secrets, { generation: 1, signsFrom: 0 }, 0)
  it('opens to what it was', () => {
    const key = openSigningKey(secrets, row)
    expect(key.privateKey.asymmetricKeyType).toBe('ed25519')
    expect(Buffer.from(key.header, 'base64url').toString()).toBe(`{"alg":"EdDSA","typ":"at+jwt","kid":"${row.kid}"}`)
  })
  it('does not open under another root secret', () => {
    expect(() => openSigningKey(createSecrets(Buffer.alloc(32, 2)), row)).toThrow()
  })
})
