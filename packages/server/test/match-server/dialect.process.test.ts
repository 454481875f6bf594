import { createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Home, type MusterProcess, musterHome } from '../support/muster-process.ts'
import { type DocumentClient, type DocumentMatch, documentCaller, documentClient } from './document-client.ts'
import { type DocumentServer, documentServer } from './document-server.ts'

const ttlS = 2
const acceptTimeoutS = 2
const readyTimeoutS = 3
const queue = { teams: 2, teamSize: 1, board: 'arena', window: { initial: 5_000, perSecond: 0 } }
const config = {
  modes: { arena: { server: { registered: true }, readyTimeoutS, allocateWaitS: 1, loadingTimeoutS: 20 } },
  boards: { arena: { rating: { system: 'elo' } } },
  queues: {
    arena: { ...queue, mode: 'arena', acceptTimeoutS, declinePause: { firstS: 0 } },
    blitz: { ...queue, mode: 'arena', acceptTimeoutS: 0 },
  },
  fleet: { ttlS, heartbeatIntervalS: 0.5 },
  matchmaking: { noServerHold: { firstS: 0.2, maxS: 0.5 } },
  dialects: {
    ...{ matchServersAllowed: ['127.0.0.1:1024-65535'], probeEveryS: 0.3, lookEveryMs: 100, prepareTimeoutMs: 500 },
    ...{ prepareRetryMs: 200 },
  },
}

/** The document's client and match server, which know nothing else, on a real Muster process. */
describe('the match server dialect', () => {
  let home: Home
  let muster: MusterProcess
  let serverKey: string
  let serviceKey: string
  let count = 0
  const servers: DocumentServer[] = []
  const clients: DocumentClient[] = []

  beforeAll(async () => {
    home = await musterHome(config)
    muster = await home.start()
    serverKey = (await home.run('keys', 'create', '--name', 'match servers', '--scope', 'server')).stdout.trim()
    serviceKey = (await home.run('keys', 'create', '--name', 'statistics', '--scope', 'service')).stdout.trim()
  })
  afterAll(async () => {
    for (const server of servers) await server.die()
    await home[Symbol.asyncDispose]()
  })
  /** Each test begins with servers of its own, and with nobody in a queue. */
  afterEach(async () => {
    for (const each of clients.splice(0)) await each.say({ type: 'RevokeFromMatch' })
    for (const server of servers.splice(0)) {
      await server.revoke()
      await server.die()
    }
  })

  async function client(): Promise<DocumentClient> {
    const made = documentClient(muster.url, `client-${++count}`)
    clients.push(made)
    expect(await made.register()).toBe('Registered')
    return made
  }
  const two = async () => [await client(), await client()] as const

  async function server(more: { loadMs?: number; port?: number } = {}): Promise<DocumentServer> {
    const made = await documentServer({ url: muster.url, username: `server-${++count}`, ...more })
    servers.push(made)
    expect(await made.register(serverKey)).toBe('Registered')
    return made
  }
  async function offered(more: { loadMs?: number } = {}): Promise<DocumentServer> {
    const made = await server(more)
    expect(await made.offer()).toBe('MatchServerOffered')
    return made
  }
  /** A server as operators see it: its state, or null once it is gone. */
  const stateOf = async (address: string): Promise<string | null> => {
    const headers = { authorization: `Bearer ${serviceKey}` }
    const { servers: list } = (await (await fetch(`${muster.url}/servers`, { headers })).json()) as {
      servers: { name: string; state: string }[]
    }
    return list.find(({ name }) => name === address)?.state ?? null
  }
  /** Both look and find each other. */
  async function foundTogether(pair: readonly DocumentClient[], mode = 'arena'): Promise<void> {
    for (const each of pair) await each.look(mode)
    for (const each of pair) await each.lookUntil(['MatchFound'], [mode])
  }
  const acceptAll = async (pair: readonly DocumentClient[]) => {
    for (const each of pair) await each.say({ type: 'AcceptMatch' })
  }
  async function confirmTogether(
    pair: readonly [DocumentClient, DocumentClient],
  ): Promise<[DocumentMatch, DocumentMatch]> {
    for (const each of pair) await each.look('arena')
    return Promise.all([pair[0].confirm('arena'), pair[1].confirm('arena')])
  }

  const ratingOf = async (nick: string) => {
    const board = (await (await fetch(`${muster.url}/leaderboards/arena?limit=100`)).json()) as {
      rows: { nick: string; rating: number }[]
    }
    return board.rows.find((row) => row.nick === nick)?.rating ?? null
  }

  describe('who is who', () => {
    it('registers, signs in and out; a cookie or a token tells who calls', async () => {
      const ann = documentClient(muster.url, 'ann')
      expect(await ann.look('arena')).toBe('401 UNAUTHENTICATED')
      const registered = await ann.ask({ type: 'Register', username: 'ann', password: 'ann of the tests' })
      expect(registered.body).toMatchObject({ type: 'Registered', token_type: 'Bearer', serverUser: false })
      expect(registered.headers.get('set-cookie')).toMatch(
        /^muster_login=[^;]+; Path=\/mms; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
      )
      expect(await documentClient(muster.url, 'ann').register()).toBe('409 USERNAME_TAKEN')
      expect(await ann.say({ type: 'Login', username: 'ann', password: 'wrong' })).toBe('401 INVALID_CREDENTIALS')

      expect(await ann.look('arena')).toBe('LookingForMatch')
      const bearer = documentCaller(muster.url)
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
      const ann = await client()
      const from = (origin: string) => ann.ask({ type: 'LookForMatch', modes: ['arena'] }, { origin })
      expect((await from('https://evil.example')).body).toMatchObject({ type: 'Error', code: 'UNAUTHENTICATED' })
      expect((await from('null')).status).toBe(401)
      expect((await from(muster.url)).body.type).toBe('LookingForMatch')
      const asForm = await fetch(`${muster.url}/mms`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', cookie: ann.cookie() ?? '' },
        body: JSON.stringify({ type: 'RevokeFromMatch' }),
      })
      expect(asForm.status).toBe(415)
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
    })

    it('makes nobody a server who only says so', async () => {
      const stranger = await documentServer({ url: muster.url, username: 'stranger' })
      servers.push(stranger)
      for (const word of [
        'true',
        'yes',
        `${serverKey}x`,
        serverKey.replace(/.$/, (end) => (end === 'a' ? 'b' : 'a')),
      ]) {
        expect(await stranger.register(word)).toBe('403 FORBIDDEN')
      }
      expect(await stranger.register(serviceKey)).toBe('403 FORBIDDEN')
      // None of these tries has taken the name.
      expect(await stranger.register('')).toBe('Registered')
      expect(await stranger.offer()).toBe('403 FORBIDDEN')
      expect(await stranger.revoke()).toBe('403 FORBIDDEN')
      expect(await stranger.say({ type: 'MatchComplete', MatchData: { abandoned: 'because' } })).toBe('403 FORBIDDEN')
    })

    it('ends a server’s rights with its API key', async () => {
      const made = await home.run('keys', 'create', '--name', 'short', '--scope', 'server', '--json')
      const { id, secret } = JSON.parse(made.stdout) as { id: string; secret: string }
      const one = await documentServer({ url: muster.url, username: `server-${++count}` })
      servers.push(one)
      expect(await one.register(secret)).toBe('Registered')
      expect(await one.offer()).toBe('MatchServerOffered')
      expect((await home.run('keys', 'revoke', id)).code).toBe(0)
      await eventually('the key is known to have ended', async () => (await one.offer()) === '403 FORBIDDEN', 5_000)
      // Nobody vouches for it any more.
      await eventually('it is gone', async () => (await stateOf(one.address)) === null)
    })
  })

  describe('a match', () => {
    it('goes from C0 and S0 to C3 and S2 and back, and moves ratings once', async () => {
      const ms = await offered()
      const [ann, bob] = await two()
      expect([ann.state(), ms.state()]).toEqual(['C0', 'S0'])

      expect(await ann.look('arena')).toBe('LookingForMatch')
      expect(await ann.look('arena')).toBe('LookingForMatch')
      expect(ann.state()).toBe('C1')
      expect(await bob.look('arena')).toBe('LookingForMatch')
      const found = await ann.lookUntil(['MatchFound'], ['arena'])
      expect(found).toMatchObject({ players: 2, accepted: 0, youAccepted: false, matchId: expect.any(String) })
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      expect(ms.prepared).toEqual([])

      const [forBob, forAnn] = [await bob.confirm('arena'), await ann.confirm('arena')]
      expect([ann.state(), ms.state()]).toEqual(['C2', 'S1'])
      const { ticket: annsTicket, ...match } = forAnn
      const { ticket: bobsTicket, ...bobsMatch } = forBob
      expect(bobsMatch).toEqual(match)
      expect(annsTicket).not.toBe(bobsTicket)
      expect(match).toMatchObject({ type: 'MatchConfig', address: ms.address, matchId: found.matchId })
      expect([...match.nicknames].sort()).toEqual([ann.username, bob.username].sort())
      expect([...match.factions].sort()).toEqual(['0', '1'])
      expect(await ann.look('arena')).toBe('MatchConfirmed')
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('409 ALREADY_PLAYING')
      expect(await ann.say({ type: 'DeclineMatch' })).toBe('409 MATCH_EXPIRED')

      const [order] = ms.prepared
      expect(order).toMatchObject({ type: 'PrepareMatch', matchConfig: match })
      const cookies = order?.clientCookies as { nickname: string; ticket: string }[]
      expect(cookies.find(({ nickname }) => nickname === ann.username)?.ticket).toBe(annsTicket)
      expect(cookies.map(({ ticket }) => ticket).sort()).toEqual([annsTicket, bobsTicket].sort())
      expect(JSON.stringify(order)).not.toContain(ann.cookie()?.split('=')[1])

      const stranger = await ann.enter({ ...forAnn, ticket: 'A'.repeat(43) })
      expect(await stranger.closed).toBe(1008)
      const lines = [await ann.enter(forAnn), await bob.enter(forBob, false)]
      expect(ms.state()).toBe('S1')
      lines[1]?.send({ type: 'LoadMatchComplete' })
      for (const line of lines) await line.until('MatchStarting')
      expect([ann.state(), bob.state(), ms.state()]).toEqual(['C3', 'C3', 'S2'])

      const done = await ms.complete()
      expect(done.body).toMatchObject({ type: 'MatchComplete', MatchData: { matchId: match.matchId } })
      for (const line of lines) await line.closed
      expect([ann.state(), bob.state(), ms.state()]).toEqual(['C0', 'C0', 'S0'])
      const [first = '', second = ''] = match.nicknames
      const [won, lost] = [await ratingOf(first), await ratingOf(second)]
      expect(won).toBeGreaterThan(lost as number)

      const data = {
        matchId: match.matchId,
        teams: match.players.map((player, at) => ({ players: [player], rank: at + 1 })),
      }
      const again = await ms.ask({ type: 'MatchComplete', MatchData: data })
      expect([again.status, again.body]).toEqual([200, done.body])
      const other = { ...data, teams: data.teams.map(({ players }) => ({ players, rank: 1 })) }
      expect(await ms.say({ type: 'MatchComplete', MatchData: other })).toBe('409 RESULT_CONFLICT')
      expect([await ratingOf(first), await ratingOf(second)]).toEqual([won, lost])
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchComplete')
    })

    it('needs no accepting where the queue asks nobody: MatchFound comes with its MatchConfig', async () => {
      const ms = await offered()
      const [ann, bob] = await two()
      await ann.look('blitz')
      await bob.look('blitz')
      const [forAnn, forBob] = await Promise.all([ann, bob].map((each) => each.lookUntil(['MatchFound'], ['blitz'])))
      expect(forAnn).toMatchObject({ matchConfig: { address: ms.address, ticket: expect.any(String) } })
      expect(forBob?.matchConfig).toMatchObject({ matchId: forAnn?.matchId })
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      expect((await ms.complete()).status).toBe(200)
    })

    it('starts when the timer runs out, and ends without a result where the server says so', async () => {
      const ms = await offered({ loadMs: 300 })
      const [ann, bob] = await two()
      const [forAnn] = await confirmTogether([ann, bob])
      const line = await ann.enter(forAnn)
      await line.until('MatchStarting')
      const { matchId } = forAnn
      const ended = await ms.complete({ matchId, abandoned: 'One of two came.' })
      expect(ended.body).toMatchObject({ type: 'MatchComplete', MatchData: { abandoned: 'One of two came.' } })
      expect(
        (await ms.ask({ type: 'MatchComplete', MatchData: { matchId, abandoned: 'One of two came.' } })).status,
      ).toBe(200)
      const late = { matchId, teams: [{ players: forAnn.players, rank: 1 }] }
      expect(await ms.say({ type: 'MatchComplete', MatchData: late })).toBe('409 SESSION_ENDED')
      expect(await ratingOf(ann.username)).toBeNull()
      expect(await ann.look('arena')).toBe('LookingForMatch')
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
    })

    it('lets a client whose line dropped come back by the same ticket, in place of the old line', async () => {
      const ms = await offered()
      const [ann, bob] = await two()
      const [forAnn, forBob] = await confirmTogether([ann, bob])
      const lines = [await ann.enter(forAnn), await bob.enter(forBob)]
      for (const line of lines) await line.until('MatchStarting')
      const back = (await ann.lookUntil(['MatchConfirmed'], ['arena'])).matchConfig
      expect(back).toEqual(forAnn)
      const second = await ann.enter(back as DocumentMatch)
      expect(await lines[0]?.closed).toBe(4409)
      second.close()
      await second.closed
      expect((await ms.complete()).status).toBe(200)
    })
  })

  describe('a match that comes to nothing', () => {
    it('is declined: who declined is out, the other is back at the front', async () => {
      const [ann, bob] = await two()
      await foundTogether([ann, bob])
      expect(await ann.say({ type: 'AcceptMatch', matchId: 'match_0' })).toBe('404 MATCH_NOT_FOUND')
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      expect(await bob.say({ type: 'DeclineMatch' })).toBe('MatchDeclined')
      expect(await bob.say({ type: 'DeclineMatch' })).toBe('MatchDeclined')
      expect(await bob.say({ type: 'AcceptMatch' })).toBe('409 MATCH_EXPIRED')
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('409 MATCH_EXPIRED')
      expect((await ann.ask({ type: 'LookForMatch', modes: ['arena'] })).body).toEqual({
        type: 'LookingForMatch',
        reason: 'declined',
      })
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
    })

    it('expires where somebody says nothing', async () => {
      const [ann, bob] = await two()
      await foundTogether([ann, bob])
      expect(await ann.say({ type: 'AcceptMatch' })).toBe('MatchFound')
      const back = await ann.lookUntil(['LookingForMatch'], ['arena'], acceptTimeoutS * 1_000 + 5_000)
      expect(back.reason).toBe('no_answer')
      expect(await bob.say({ type: 'AcceptMatch' })).toBe('409 MATCH_EXPIRED')
      expect(await bob.say({ type: 'RevokeFromMatch' })).toBe('404 ENTRY_NOT_FOUND')
    })

    it('is left by RevokeFromMatch, which declines it', async () => {
      const [ann, bob] = await two()
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('404 ENTRY_NOT_FOUND')
      await foundTogether([ann, bob])
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
      await bob.lookUntil(['LookingForMatch'], ['arena'])
      expect(await bob.look('blitz')).toBe('409 ALREADY_SEARCHING')
    })

    it.each(['says nothing', 'declines', 'breaks down'] as const)(
      'is taken from a server that %s; the players come first at the next',
      async (how) => {
        const bad = await offered()
        bad.meet(how)
        const [ann, bob] = await two()
        await foundTogether([ann, bob])
        await acceptAll([ann, bob])
        const back = await ann.lookUntil(['LookingForMatch'], ['arena'], (readyTimeoutS + 5) * 1_000)
        expect(back.reason).toBe('server_not_ready')
        const asked = bad.prepared.map(({ matchConfig }) => (matchConfig as { matchId: string }).matchId)
        expect(new Set(asked).size).toBe(1)
        if (how === 'declines') expect(asked).toHaveLength(1)
        else expect(asked.length).toBeGreaterThan(2)

        // Its offer is gone, so the next match goes elsewhere.
        const good = await offered()
        const matches = await Promise.all([ann.confirm('arena'), bob.confirm('arena')])
        expect(matches.map(({ address }) => address)).toEqual([good.address, good.address])
        expect((await good.complete()).status).toBe(200)
      },
    )
  })

  describe('an offer', () => {
    it('is taken only for addresses that an operator allows', async () => {
      const ms = await server()
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
      const ms = [await offered(), await offered()]
      const six = [...(await two()), ...(await two()), ...(await two())]
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
      const ms = await offered()
      const made = await home.run('keys', 'create', '--name', 'others', '--scope', 'server')
      const other = await documentServer({ url: muster.url, username: `server-${++count}` })
      servers.push(other)
      expect(await other.register(made.stdout.trim())).toBe('Registered')
      expect(await other.offer(60_000, [ms.address])).toBe('409 SERVER_ID_TAKEN')
      const [ann, bob] = await two()
      const [forAnn] = await confirmTogether([ann, bob])
      const data = { matchId: forAnn.matchId, abandoned: 'mine' }
      expect(await other.say({ type: 'MatchComplete', MatchData: data })).toBe('404 MATCH_NOT_FOUND')
      expect(await other.say({ type: 'MatchComplete', MatchData: { abandoned: 'mine' } })).toBe('404 MATCH_NOT_FOUND')
      const wrong = { matchId: forAnn.matchId, teams: [{ players: ['player_0'], rank: 1 }] }
      expect(await ms.say({ type: 'MatchComplete', MatchData: wrong })).toBe('422 INVALID_RESULT')
      expect(await ms.say({ type: 'MatchComplete', MatchData: { matchId: forAnn.matchId } })).toBe(
        '400 INVALID_REQUEST',
      )
      expect((await ms.complete()).status).toBe(200)
    })

    it('ends when it expires or is revoked, for new matches; a match that runs is played to its end', async () => {
      const [short, long] = [await server(), await server()]
      expect(await short.offer(1_500)).toBe('MatchServerOffered')
      expect(await long.offer(1_500)).toBe('MatchServerOffered')
      const [ann, bob] = await two()
      const [forAnn] = await confirmTogether([ann, bob])
      const [playing, idle] = forAnn.address === short.address ? [short, long] : [long, short]
      await eventually('the idle one is gone', async () => (await stateOf(idle.address)) === null)
      await eventually('the other takes no more', async () => (await stateOf(playing.address)) === 'draining')
      expect(await playing.revoke()).toBe('MatchServerRevoked')
      expect(await stateOf(playing.address)).toBe('draining')
      expect((await playing.complete()).status).toBe(200)
      await eventually('it is gone', async () => (await stateOf(playing.address)) === null)
      expect(await playing.say({ type: 'RevokeMatchServer', address: [playing.address] })).toBe('404 SERVER_NOT_FOUND')
    })

    it('that is revoked while its match is prepared gives the match up', async () => {
      const ms = await offered()
      ms.meet('says nothing')
      const [ann, bob] = await two()
      await foundTogether([ann, bob])
      await acceptAll([ann, bob])
      await eventually('it is asked', async () => ms.prepared.length > 0)
      expect(await ms.revoke()).toBe('MatchServerRevoked')
      await ann.lookUntil(['LookingForMatch'], ['arena'])
    })

    it('is signed for: the server can tell that Muster asks', async () => {
      const ms = await server()
      const { body } = await ms.ask({
        ...{ type: 'OfferMatchServer', address: [ms.address] },
        expires: new Date(Date.now() + 60_000).toISOString(),
      })
      const [ann, bob] = await two()
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

  describe('when something dies', () => {
    it('frees the players of a match whose server is gone', async () => {
      const ms = await offered()
      const [ann, bob] = await two()
      const [forAnn, forBob] = await confirmTogether([ann, bob])
      const lines = [await ann.enter(forAnn), await bob.enter(forBob)]
      for (const line of lines) await line.until('MatchStarting')
      await ms.die()
      for (const line of lines) await line.closed
      const over = await eventually('the match is abandoned', async () => {
        const { body } = await ann.ask({ type: 'AcceptMatch' })
        return body.type === 'MatchComplete' && body
      })
      expect(over).toMatchObject({ MatchData: { abandoned: 'server_lost' } })
      expect(await ann.look('arena')).toBe('LookingForMatch')
      expect(await ann.say({ type: 'RevokeFromMatch' })).toBe('RevokedFromMatch')
    })

    it('goes on where it was when Muster is killed: offers, a match to prepare, a match that runs', async () => {
      const [one, other] = [await offered(), await offered()]
      const [ann, bob] = await two()
      const [forAnn] = await confirmTogether([ann, bob])
      const [playing, waiting] = forAnn.address === one.address ? [one, other] : [other, one]

      const [cid, dan] = await two()
      waiting.meet('says nothing')
      await foundTogether([cid, dan])
      await acceptAll([cid, dan])
      await eventually('it is asked', async () => waiting.prepared.length > 0)
      await muster.end('SIGKILL')
      waiting.meet('prepares')
      muster = await home.start()

      const again = await cid.lookUntil(['MatchConfirmed'], ['arena'])
      expect(again.matchConfig).toMatchObject({ address: waiting.address })
      const asked = waiting.prepared.map(({ matchConfig }) => (matchConfig as { matchId: string }).matchId)
      expect(new Set(asked).size).toBe(1)
      expect((await playing.complete()).body).toMatchObject({ MatchData: { matchId: forAnn.matchId } })
      expect((await waiting.complete()).status).toBe(200)
    })

    it('is offered again from the same address after a restart of the server', async () => {
      const first = await offered()
      await first.die()
      await eventually('it is gone', async () => (await stateOf(first.address)) === null)
      const second = await server({ port: Number(first.address.split(':')[1]) })
      expect(await second.offer()).toBe('MatchServerOffered')
      const [ann, bob] = await two()
      await ann.look('blitz')
      await bob.look('blitz')
      expect(await ann.lookUntil(['MatchFound'], ['blitz'])).toMatchObject({ matchConfig: { address: second.address } })
      await second.complete()
    })
  })
})
