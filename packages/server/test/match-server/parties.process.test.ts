import { createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type DialectGround, dialectGround } from './dialect-ground.ts'
import { type DocumentMatch, documentCaller, documentClient } from './document-client.ts'

describe('the parties of the match server dialect', () => {
  let ground: DialectGround
  beforeAll(async () => {
    ground = await dialectGround()
  })
  afterEach(() => ground.clear())
  afterAll(() => ground[Symbol.asyncDispose]())

  describe('who is who', () => {
    it('registers, signs in and out; a cookie or a token tells who calls', async () => {
      const ann = documentClient(ground.muster().url, 'ann')
      expect(await ann.look('arena')).toBe('401 UNAUTHENTICATED')
      const registered = await ann.ask({ type: 'Register', username: 'ann', password: 'ann of the tests' })
      expect(registered.body).toMatchObject({ type: 'Registered', token_type: 'Bearer', serverUser: false })
      expect(registered.headers.get('set-cookie')).toMatch(
        /^muster_login=[^;]+; Path=\/mms; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
      )
      expect(await documentClient(ground.muster().url, 'ann').register()).toBe('409 USERNAME_TAKEN')
      expect(await ann.say({ type: 'Login', username: 'ann', password: 'wrong' })).toBe('401 INVALID_CREDENTIALS')

      expect(await ann.look('arena')).toBe('LookingForMatch')
      const bearer = documentCaller(ground.muster().url)
      const authorization = `Bearer ${registered.body.access_token}`
      const byToken = await bearer.ask({ type: 'RevokeFromMatch' }, { authorization })
      expect(byToken.body.type).toBe('RevokedFromMatch')

      const old = ann.cookie() ?? ''
      expect(await ann.say({ type: 'Logout' })).toBe('LoggedOut')
      expect((await bearer.ask({ type: 'RevokeFromMatch' }, { cookie: old })).status).toBe(401)
      await eventually('the token has ended too', async () => {
        return (await bearer.ask({ type: 'RevokeFromMatch' }, { authorization })).status === 401
      })
      // An old cookie keeps nobody from signing in again.
      expect(
        (await bearer.ask({ type: 'Login', username: 'ann', password: 'ann of the tests' }, { cookie: old })).status,
      ).toBe(200)
    })

    it('does not count a cookie that another site’s page had sent', async () => {
      const ann = await ground.client()
      const from = (origin: string) => ann.ask({ type: 'LookForMatch', modes: ['arena'] }, { origin })
      expect((await from('https://evil.example')).body).toMatchObject({ type: 'Error', code: 'UNAUTHENTICATED' })
      expect((await from('null')).status).toBe(401)
      expect((await from(ground.muster().url)).body.type).toBe('LookingForMatch')
      const asForm = await fetch(`${ground.muster().url}/mms`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', cookie: ann.cookie() ?? '' },
        body: JSON.stringify({ type: 'RevokeFromMatch' }),
      })
      expect(asForm.status).toBe(415)
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
    })

    it('makes nobody a server who only says so', async () => {
      const unknown = await ground.stranger()
      for (const word of [
        'true',
        'yes',
        `${ground.serverKey}x`,
        ground.serverKey.replace(/.$/, (end) => (end === 'a' ? 'b' : 'a')),
      ]) {
        expect(await unknown.register(word)).toBe('403 FORBIDDEN')
      }
      expect(await unknown.register(ground.serviceKey)).toBe('403 FORBIDDEN')
      // None of these tries has taken the name.
      expect(await unknown.register('')).toBe('Registered')
      expect(await unknown.offer()).toBe('403 FORBIDDEN')
      expect(await unknown.revoke()).toBe('403 FORBIDDEN')
      expect(await unknown.say({ type: 'MatchComplete', MatchData: { abandoned: 'because' } })).toBe('403 FORBIDDEN')
    })

    it('ends a server’s rights with its API key', async () => {
      const made = await ground.home.run('keys', 'create', '--name', 'short', '--scope', 'server', '--json')
      const { id, secret } = JSON.parse(made.stdout) as { id: string; secret: string }
      const one = await ground.server({}, secret)
      expect(await one.offer()).toBe('MatchServerOffered')
      expect((await ground.home.run('keys', 'revoke', id)).code).toBe(0)
      await eventually('the key is known to have ended', async () => (await one.offer()) === '403 FORBIDDEN', 5_000)
      // Nobody vouches for it any more.
      await eventually('it is gone', async () => (await ground.stateOf(one.address)) === null)
    })
  })

  describe('an offer', () => {
    it('is taken only for addresses that an operator allows', async () => {
      const ms = await ground.server()
      for (const address of [
        ...['10.0.0.7:7000', '127.0.0.1:80', '169.254.169.254:8000', '[::1]:8000', '[::ffff:127.0.0.1]:8000'],
        ...['0.0.0.0:8000', 'metadata.invalid:8000'],
      ]) {
        expect([address, await ms.offer(60_000, [address])]).toEqual([address, '403 ADDRESS_NOT_ALLOWED'])
      }
      for (const address of ['2130706433:8000', '127.1:8000', '0x7f.0.0.1:8000', 'http://127.0.0.1:8000', 'nonsense']) {
        expect([address, await ms.offer(60_000, [address])]).toEqual([address, '400 INVALID_REQUEST'])
      }
      expect(await ms.offer(60_000, [])).toBe('400 INVALID_REQUEST')
      expect(await ms.offer(-1_000)).toBe('400 INVALID_REQUEST')
      expect(await ms.offer(10 * 86_400_000)).toBe('400 INVALID_REQUEST')
      // One bad address, and nothing of the message counts.
      expect(await ms.offer(60_000, [ms.address, '10.0.0.7:7000'])).toBe('403 ADDRESS_NOT_ALLOWED')
      expect(await ms.say({ type: 'RevokeMatchServer', address: [ms.address] })).toBe('404 SERVER_NOT_FOUND')
    })

    it('gives one match at a time to each server, and another when it is over', async () => {
      const ms = [await ground.offered(), await ground.offered()]
      const six = [...(await ground.two()), ...(await ground.two()), ...(await ground.two())]
      const confirmed: DocumentMatch[] = []
      const all = Promise.all(six.map(async (each) => confirmed.push(await each.confirm('arena'))))
      await eventually('two matches are confirmed', async () => confirmed.length >= 4)
      expect(new Set(confirmed.map(({ matchId }) => matchId)).size).toBe(2)
      expect(new Set(confirmed.map(({ address }) => address))).toEqual(new Set(ms.map(({ address }) => address)))
      expect(ms.map((one) => new Set(one.prepared.map(({ matchConfig }) => JSON.stringify(matchConfig))).size)).toEqual(
        [1, 1],
      )
      for (const one of ms) expect((await one.complete()).status).toBe(200)
      await all
      const last = ms.find((one) => one.state() !== 'S0')
      expect((await last?.complete())?.status).toBe(200)
    })

    it('is of the account that made it: another’s MatchComplete, or offer, is refused', async () => {
      const ms = await ground.offered()
      // One account with an API key of its own, one with the very same.
      const others = [await ground.server({}, await ground.newKey('server')), await ground.server()]
      for (const other of others) {
        expect(await other.offer(60_000, [ms.address])).toBe('409 SERVER_ID_TAKEN')
        expect(await other.say({ type: 'RevokeMatchServer', address: [ms.address] })).toBe('404 SERVER_NOT_FOUND')
        expect(await other.revoke()).toBe('MatchServerRevoked')
      }
      const [ann, bob] = await ground.two()
      const [forAnn] = await ground.confirmTogether([ann, bob])
      const data = { matchId: forAnn.matchId, abandoned: 'mine' }
      for (const other of others) {
        expect(await other.say({ type: 'MatchComplete', MatchData: data })).toBe('404 MATCH_NOT_FOUND')
        expect(await other.say({ type: 'MatchComplete', MatchData: { abandoned: 'mine' } })).toBe('404 MATCH_NOT_FOUND')
      }
      const wrong = { matchId: forAnn.matchId, teams: [{ players: ['player_0'], rank: 1 }] }
      expect(await ms.say({ type: 'MatchComplete', MatchData: wrong })).toBe('422 INVALID_RESULT')
      expect(await ms.say({ type: 'MatchComplete', MatchData: { matchId: forAnn.matchId } })).toBe(
        '400 INVALID_REQUEST',
      )
      expect((await ms.complete()).status).toBe(200)
    })

    it('ends when it expires or is revoked, for new matches; a match that runs is played to its end', async () => {
      const [short, long] = [await ground.server(), await ground.server()]
      expect(await short.offer(1_500)).toBe('MatchServerOffered')
      expect(await long.offer(1_500)).toBe('MatchServerOffered')
      const [ann, bob] = await ground.two()
      const [forAnn] = await ground.confirmTogether([ann, bob])
      const [playing, idle] = forAnn.address === short.address ? [short, long] : [long, short]
      await eventually('the idle one is gone', async () => (await ground.stateOf(idle.address)) === null)
      await eventually('the other takes no more', async () => (await ground.stateOf(playing.address)) === 'draining')
      expect(await playing.revoke()).toBe('MatchServerRevoked')
      expect(await ground.stateOf(playing.address)).toBe('draining')
      expect((await playing.complete()).status).toBe(200)
      await eventually('it is gone', async () => (await ground.stateOf(playing.address)) === null)
      expect(await playing.say({ type: 'RevokeMatchServer', address: [playing.address] })).toBe('404 SERVER_NOT_FOUND')
    })

    it('that is revoked while its match is prepared gives the match up', async () => {
      const ms = await ground.offered()
      ms.meet('says nothing')
      const [ann, bob] = await ground.two()
      await ground.foundTogether([ann, bob])
      await ground.acceptAll([ann, bob])
      await eventually('it is asked', async () => ms.prepared.length > 0)
      expect(await ms.revoke()).toBe('MatchServerRevoked')
      await ann.lookUntil(['LookingForMatch'], ['arena'])
    })

    it('is signed for: the server can tell that Muster asks', async () => {
      const ms = await ground.server()
      const { body } = await ms.ask({
        ...{ type: 'OfferMatchServer', address: [ms.address] },
        expires: new Date(Date.now() + 60_000).toISOString(),
      })
      const [ann, bob] = await ground.two()
      await ann.look('blitz')
      await bob.look('blitz')
      await ann.lookUntil(['MatchFound'], ['blitz'])
      const [, at, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(ms.signatures[0] ?? '') ?? []
      const key = Buffer.from(String(body.prepareKey), 'hex')
      const signed = createHmac('sha256', key)
        .update(`${at}.${JSON.stringify(ms.prepared[0])}`)
        .digest('hex')
      expect(signed).toBe(hex)
      await ms.complete()
    })
  })
})
