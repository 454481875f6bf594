import type { Tokens } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { MusterError } from './errors.ts'
import { createTokenStore } from './tokens.ts'

const pair = (name: string, expires_in = 900): Tokens => ({
  access_token: `access ${name}`,
  refresh_token: `refresh ${name}`,
  token_type: 'Bearer',
  expires_in,
  user_id: 'player_ann',
})

function ground(exchange: (refreshToken: string) => Promise<Tokens>) {
  const told: (string | null)[] = []
  const spent: string[] = []
  const store = createTokenStore({
    exchange(refreshToken) {
      spent.push(refreshToken)
      return exchange(refreshToken)
    },
    onTokens: (tokens) => told.push(tokens?.access_token ?? null),
  })
  return { store, told, spent }
}

describe('the tokens', () => {
  it('are renewed once, however many ask at the same time', async () => {
    const { store, told, spent } = ground(async () => pair('b'))
    store.set(pair('a'))
    await Promise.all([1, 2, 3].map(() => store.renew('access a')))
    expect(spent).toEqual(['refresh a'])
    expect(told).toEqual(['access a', 'access b'])
  })

  it('are not renewed for the sake of a token that was replaced meanwhile', async () => {
    const { store, spent } = ground(async () => pair('c'))
    store.set(pair('b'))
    await store.renew('access a')
    expect(spent).toEqual([])
  })

  it('are renewed before they end, not with every call', async () => {
    const { store, spent } = ground(async () => pair('b'))
    store.set(pair('a', 0))
    await store.renewIfDue()
    await store.renewIfDue()
    expect(spent).toEqual(['refresh a'])
    const short = ground(async () => pair('b', 20))
    short.store.set(pair('a', 20))
    await short.store.renewIfDue()
    expect(short.spent).toEqual([])
  })

  it('are gone when the login has ended, and kept when Muster cannot be reached', async () => {
    const refused = ground(async () => {
      throw new MusterError(401, { code: 'TOKEN_REUSED' }, null)
    })
    refused.store.set(pair('a'))
    await expect(refused.store.renew('access a')).rejects.toMatchObject({ code: 'TOKEN_REUSED' })
    expect(refused.store.current()).toBeNull()
    expect(refused.told).toEqual(['access a', null])

    const away = ground(async () => {
      throw new TypeError('fetch failed')
    })
    away.store.set(pair('a'))
    await expect(away.store.renew('access a')).rejects.toThrow('fetch failed')
    expect(away.store.current()?.access_token).toBe('access a')
  })

  it('stay gone when the player signs out while they are renewed', async () => {
    let answer: (tokens: Tokens) => void = () => undefined
    const { store } = ground(() => new Promise((resolve) => (answer = resolve)))
    store.set(pair('a'))
    const renewing = store.renew('access a')
    store.set(null)
    answer(pair('b'))
    await renewing
    expect(store.current()).toBeNull()
  })
})
