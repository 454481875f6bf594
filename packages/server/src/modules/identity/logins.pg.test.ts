import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityGround, identityGround, type Tokens } from '../../../test/support/identity-ground.ts'

const second = 1_000

describe('logins', () => {
  let home: IdentityGround
  beforeAll(async () => {
    home = await identityGround()
  })
  afterAll(() => home[Symbol.asyncDispose]())

  const advance = (spanMs: number) => home.ground.clock.advance(spanMs)
  const refreshed = async (tokens: Tokens): Promise<Tokens> => {
    const { status, body } = await home.refresh(tokens)
    expect(status).toBe(200)
    return body
  }

  describe('refreshing', () => {
    it('gives a new pair of the same player', async () => {
      const guest = await home.guest()
      const next = await refreshed(guest)
      expect(next.user_id).toBe(guest.user_id)
      expect(next.refresh_token).not.toBe(guest.refresh_token)
      expect(next.access_token).not.toBe(guest.access_token)
      expect(await home.isLetIn(next)).toBe(true)
    })
    it('[security 7] gives the same successor to who lost the answer', async () => {
      const guest = await home.guest()
      const next = await refreshed(guest)
      await advance(29 * second)
      const again = await refreshed(guest)
      expect(again.refresh_token).toBe(next.refresh_token)
      await refreshed(again)
    })
    it('[security 7] ends the login when a token comes again after its successor was used', async () => {
      const guest = await home.guest()
      const next = await refreshed(guest)
      const third = await refreshed(next)
      const reused = await home.refresh(guest)
      expect([reused.status, reused.code]).toEqual([401, 'TOKEN_REUSED'])
      expect((await home.refresh(third)).code).toBe('UNAUTHENTICATED')
      expect(await Promise.all([guest, next, third].map(home.isLetIn))).toEqual([false, false, false])
    })
    it('[security 7] ends the login when a token comes again later than a lost answer explains', async () => {
      const guest = await home.guest()
      const next = await refreshed(guest)
      await advance(31 * second)
      expect((await home.refresh(guest)).code).toBe('TOKEN_REUSED')
      expect((await home.refresh(next)).code).toBe('UNAUTHENTICATED')
    })
    it('[security 7] gives fifty at once the one successor', async () => {
      const guest = await home.guest()
      const answers = await Promise.all(Array.from({ length: 50 }, () => home.refresh(guest)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
      await refreshed(answers[0]?.body)
    })
    it('says nothing of made-up tokens, and lets them end no login', async () => {
      const guest = await home.guest()
      const altered = (at: number) => {
        const letters = [...guest.refresh_token]
        letters[at] = letters[at] === 'A' ? 'B' : 'A'
        return { refresh_token: letters.join('') }
      }
      for (const forged of [altered(guest.refresh_token.length - 1), altered(50), { refresh_token: 'nonsense' }]) {
        const { status, code } = await home.refresh(forged)
        expect([status, code]).toEqual([401, 'UNAUTHENTICATED'])
      }
      expect((await home.refresh({ refresh_token: 5 as never })).code).toBe('INVALID_REQUEST')
      await refreshed(guest)
    })
    it('[security 6] takes no access token for a refresh token, nor the other way round', async () => {
      const guest = await home.guest()
      expect((await home.refresh({ refresh_token: guest.access_token })).code).toBe('UNAUTHENTICATED')
      expect(await home.identity.verifyAccess(guest.refresh_token)).toBeNull()
    })
    it('[security 8] ends when it was not used for long, and at its age however much it was', async () => {
      await using small = await identityGround({ refreshIdleS: 100, loginLifeS: 250, accessTokenS: 60 })
      const idle = await small.guest()
      let used = await small.guest()
      for (const at of [90, 180]) {
        await small.ground.clock.advance(90 * second)
        const { status, body } = await small.refresh(used)
        expect([at, status]).toEqual([at, 200])
        used = body
      }
      expect((await small.refresh(idle)).code).toBe('UNAUTHENTICATED')
      await small.ground.clock.advance(45 * second)
      const last = await small.refresh(used)
      expect([last.status, last.body.expires_in]).toEqual([200, 25])
      await small.ground.clock.advance(25 * second)
      expect((await small.refresh(last.body)).code).toBe('UNAUTHENTICATED')
      expect(await small.isLetIn(last.body)).toBe(false)
    })
  })

  describe('logging out', () => {
    const logout = (tokens: Tokens) => home.ask('POST /auth/logout', { body: { refresh_token: tokens.refresh_token } })
    it('[security 9] ends that login and no other, and may be said again', async () => {
      const [here, there] = [await home.register('hans'), await home.login('hans')]
      expect((await logout(here)).status).toBe(204)
      expect((await logout(here)).status).toBe(204)
      expect(await Promise.all([here, there].map(home.isLetIn))).toEqual([false, true])
      expect((await home.refresh(here)).code).toBe('UNAUTHENTICATED')
    })
    it('works with a spent token, and not with a made-up one', async () => {
      const guest = await home.guest()
      const next = await refreshed(guest)
      const forged = { ...next, refresh_token: `${next.refresh_token.slice(0, -2)}AA` }
      expect((await logout(forged)).status).toBe(204)
      expect(await home.isLetIn(next)).toBe(true)
      await logout(guest)
      expect(await home.isLetIn(next)).toBe(false)
    })
    it('needs a refresh token', async () => {
      expect((await home.ask('POST /auth/logout', { body: {} })).code).toBe('INVALID_REQUEST')
    })
    it('[security 9] ends every login at once', async () => {
      const logins = [await home.register('ines'), await home.login('ines'), await home.login('ines')] as const
      const everywhere = () => home.ask('POST /auth/logout-all', { token: logins[1].access_token })
      expect((await everywhere()).status).toBe(204)
      expect(await Promise.all(logins.map(home.isLetIn))).toEqual([false, false, false])
      for (const login of logins) expect((await home.refresh(login)).code).toBe('UNAUTHENTICATED')
      expect((await everywhere()).code).toBe('UNAUTHENTICATED')
    })
  })

  describe('what has ended', () => {
    it('[security 4] is known to another node within two seconds, though every hint is lost', async () => {
      const other = await home.anotherNode()
      const heard: string[] = []
      other.onLoginEnded(({ player }) => heard.push(player))
      const guest = await home.guest()
      expect(await other.verifyAccess(guest.access_token)).not.toBeNull()
      await home.ask('POST /auth/logout-all', { token: guest.access_token })
      await advance(2 * second)
      await expect.poll(() => other.verifyAccess(guest.access_token)).toBeNull()
      expect(heard).toEqual([guest.user_id])
    })
    it('is known to another node at once with a hint, even after it said so', async () => {
      const other = await home.anotherNode(home.ground.wakes)
      const guest = await home.guest()
      expect(await other.verifyAccess(guest.access_token)).not.toBeNull()
      await home.ask('POST /auth/logout-all', { token: guest.access_token })
      await advance(0)
      await expect.poll(() => other.verifyAccess(guest.access_token)).toBeNull()
    })
    it('is known to a node that starts later', async () => {
      const guest = await home.guest()
      await home.ask('POST /auth/logout', { body: { refresh_token: guest.refresh_token } })
      const other = await home.anotherNode()
      expect(await other.verifyAccess(guest.access_token)).toBeNull()
      expect(await other.verifyAccess((await home.guest()).access_token)).not.toBeNull()
    })
    it('[security 4] is not missed where a transaction commits late', async () => {
      const other = await home.anotherNode()
      const [early, late] = [await home.guest(), await home.guest()]
      let commit: () => void = () => undefined
      const held = new Promise<void>((resolve) => {
        commit = resolve
      })
      let began: () => void = () => undefined
      const begun = new Promise<void>((resolve) => {
        began = resolve
      })
      const slow = home.ground.db.transact(async (tx) => {
        await home.identity.eraseAccount(tx, late.user_id)
        began()
        await held
      })
      await begun
      await home.ask('POST /auth/logout', { body: { refresh_token: early.refresh_token } })
      await advance(2 * second)
      await expect.poll(() => other.verifyAccess(early.access_token)).toBeNull()
      expect(await other.verifyAccess(late.access_token)).not.toBeNull()
      commit()
      await slow
      await advance(2 * second)
      await expect.poll(() => other.verifyAccess(late.access_token)).toBeNull()
    })
  })

  it('removes what is kept no longer', async () => {
    await using small = await identityGround({
      refreshIdleS: 100,
      loginsKeptDays: 1,
      auditKeptDays: 2,
      sweepBatchMax: 2,
    })
    const count = async (table: string) => {
      const [row] = await small.rows(sql<{ count: number }>`select count(*) from ${sql.table(table)}`)
      return row?.count
    }
    const logins = [await small.register('otto')]
    for (let login = 0; login < 4; login++) logins.push(await small.login('otto'))
    for (const { refresh_token } of logins.slice(1)) await small.ask('POST /auth/logout', { body: { refresh_token } })
    expect(await Promise.all(['identity_logins', 'identity_ended'].map(count))).toEqual([5, 4])
    // Sweeps come by the simulated clock and take real time, so it is moved on until one has been.
    const left = (table: string) => async () => {
      await small.ground.clock.advance(61 * second)
      return count(table)
    }
    await small.ground.clock.advance(20 * 60 * second)
    await expect.poll(left('identity_ended')).toBe(0)
    expect(await count('identity_logins')).toBe(5)
    await small.ground.clock.advance(25 * 3_600 * second)
    await expect.poll(left('identity_logins')).toBe(0)
    expect(await count('identity_audit')).toBe(9)
    await small.ground.clock.advance(25 * 3_600 * second)
    await expect.poll(left('identity_audit')).toBe(0)
  })
})
