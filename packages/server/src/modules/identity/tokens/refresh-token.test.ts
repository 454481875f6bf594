import { describe, expect, it } from 'vitest'
import { createSecrets } from '../../../platform/secrets.ts'
import { createRefreshTokens } from './refresh-token.ts'

const tokens = createRefreshTokens(createSecrets(Buffer.alloc(32, 1)))
const login = 'login_01k9abcdefghjkmnpqrstvwx'

describe('refresh tokens', () => {
  it('name their login and are known as ours', () => {
    expect(tokens.parse(tokens.mint(login))).toEqual({ login, genuine: true })
  })
  it('[security 15] are never alike', () => expect(tokens.mint(login)).not.toBe(tokens.mint(login)))
  it('are not genuine when moved to another login, altered, or made elsewhere', () => {
    const token = tokens.mint(login)
    const other = createRefreshTokens(createSecrets(Buffer.alloc(32, 2)))
    expect(tokens.parse(token.replace('01k9', '01k8'))).toMatchObject({ genuine: false })
    expect(tokens.parse(token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A'))).toMatchObject({ genuine: false })
    expect(tokens.parse(other.mint(login))).toMatchObject({ genuine: false })
  })
  it('are told from other text', () => {
    for (const text of ['', 'x', `${tokens.mint(login)}x`, 'muster_rf_a_b', 'muster_sk_a_b']) {
      expect(tokens.parse(text)).toBeNull()
    }
  })
  it('open a sealed successor only for the very token that it follows', () => {
    const successor = tokens.mint(login)
    const [token, stranger] = [tokens.hash(tokens.mint(login)), tokens.hash(tokens.mint(login))]
    const sealed = tokens.sealSuccessor(token, successor)
    expect(tokens.openSuccessor(token, sealed)).toBe(successor)
    expect(() => tokens.openSuccessor(stranger, sealed)).toThrow()
    expect(sealed.includes(successor)).toBe(false)
  })
})
