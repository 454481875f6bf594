import { createHmac } from 'node:crypto'
import type { PrepareMatch } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { type Heard, problem, type Reply, stubMuster } from '../../../../test/support/stub-muster.ts'
import { server, session, ticketFor, ticketKey } from '../../test/tickets.ts'
import type { GameSession } from '../session.ts'
import { type MatchServer, type MatchServerOptions, offerMatchServer } from './offer.ts'

const prepareKey = 'ab'.repeat(32)
const annsTicket = 'A'.repeat(43)

const order = (matchId: `match_${string}` = 'match_1'): PrepareMatch => ({
  type: 'PrepareMatch',
  matchConfig: {
    ...{ type: 'MatchConfig', address: '10.0.0.1:7000', matchId, sessionId: session, mode: 'duel', region: null },
    ...{ transport: 'websocket', factions: ['1', '0'], nicknames: ['ann', 'rook#4821'] },
    ...{ players: ['player_ann', 'player_bob'], serverId: server, reportToken: 'muster_rt_1_a', ticketKey },
    ...{ loadingTimeoutS: 60, durationMaxS: 600 },
  },
  clientCookies: [
    { ticket: annsTicket, playerId: 'player_ann', nickname: 'ann', faction: '1' },
    { ticket: 'B'.repeat(43), playerId: 'player_bob', nickname: 'rook#4821', faction: '0' },
  ],
})

function signed(message: unknown, { key = prepareKey, now = Date.now() } = {}) {
  const body = JSON.stringify(message)
  const at = Math.floor(now / 1_000)
  const mark = createHmac('sha256', Buffer.from(key, 'hex')).update(`${at}.${body}`).digest('hex')
  return { body, signature: `t=${at},v1=${mark}` }
}

const typeOf = ({ body }: Heard) => String(body?.type)
const offeredTo = ({ body }: Heard): Reply => ({
  body: { type: 'MatchServerOffered', address: body?.address, expires: body?.expires, prepareKey },
})

async function ground(more: Partial<MatchServerOptions> = {}, answer?: (heard: Heard, count: number) => Reply | null) {
  const counts = new Map<string, number>()
  const muster = await stubMuster((heard) => {
    const what = heard.path === '/mms' ? typeOf(heard) : heard.path
    const count = (counts.get(what) ?? 0) + 1
    counts.set(what, count)
    const own = answer?.(heard, count) ?? null
    if (own !== null) return own
    if (what === 'Login' || what === 'Register') return { body: { type: what, access_token: `token-${count}` } }
    if (what === 'OfferMatchServer') return offeredTo(heard)
    return { body: { type: 'MatchServerRevoked', address: [], state: 'loading' } }
  })
  const sessions: GameSession[] = []
  const errors: unknown[] = []
  let offering: MatchServer | null = null
  const open = async () => {
    offering = await offerMatchServer({
      ...{ url: muster.url, username: 'arena', password: 'a good long phrase', address: ['10.0.0.1:7000'] },
      onMatch: (play) => void sessions.push(play),
      onError: (error) => errors.push(error),
      ...more,
    })
    return offering
  }
  return {
    ...{ muster, sessions, errors, open },
    types: () => muster.heard.map(typeOf),
    async [Symbol.asyncDispose]() {
      await offering?.revoke().catch(() => undefined)
      await muster[Symbol.asyncDispose]()
    },
  }
}

describe('a match server that offers itself', () => {
  it('signs in, offers, and takes the offer back', async () => {
    await using it = await ground({ modes: ['duel'] })
    const offered = await it.open()
    expect(it.types()).toEqual(['Login', 'OfferMatchServer'])
    const [login, offer] = it.muster.heard
    expect([login?.authorization, offer?.authorization]).toEqual([undefined, 'Bearer token-1'])
    expect(offer?.body).toMatchObject({ address: ['10.0.0.1:7000'], modes: ['duel'] })
    const ahead = Date.parse(String(offer?.body?.expires)) - Date.now()
    expect(ahead).toBeGreaterThan(50_000)
    expect(ahead).toBeLessThanOrEqual(60_000)
    await offered.revoke()
    expect(it.muster.heard.at(-1)?.body).toEqual({ type: 'RevokeMatchServer', address: ['10.0.0.1:7000'] })
  })

  it('makes its account where there is none, if it has the key for that', async () => {
    const nobody = (heard: Heard) => (typeOf(heard) === 'Login' ? problem(401, 'INVALID_CREDENTIALS') : null)
    await using it = await ground({ serverUser: 'muster_sk_1_secret' }, nobody)
    await it.open()
    expect(it.types()).toEqual(['Login', 'Register', 'OfferMatchServer'])
    expect(it.muster.heard[1]?.body?.serverUser).toBe('muster_sk_1_secret')
    await using without = await ground({}, nobody)
    await expect(without.open()).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
  })

  it('offers again before the offer ends, and signs in again when its login has', async () => {
    await using it = await ground({ lifeS: 0.1 }, (heard, count) =>
      typeOf(heard) === 'OfferMatchServer' && count === 2 ? problem(401, 'UNAUTHENTICATED') : null,
    )
    await it.open()
    await it.muster.until(({ authorization }) => authorization === 'Bearer token-2')
    // Only the first says that it has just begun: the later ones are made while its own matches run.
    const offers = it.muster.heard.filter((heard) => typeOf(heard) === 'OfferMatchServer')
    expect(offers.map(({ body }) => body?.restarted).slice(0, 3)).toEqual([true, false, false])
    expect(it.types().slice(0, 5)).toEqual([
      'Login',
      'OfferMatchServer',
      'OfferMatchServer',
      'Login',
      'OfferMatchServer',
    ])
    expect(it.errors).toEqual([])
  })

  it('is refused at once where it may not offer', async () => {
    await using it = await ground({}, (heard) =>
      typeOf(heard) === 'OfferMatchServer' ? problem(403, 'ADDRESS_NOT_ALLOWED') : null,
    )
    await expect(it.open()).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' })
  })

  it('prepares a match once, however often it is told, and lets its players in', async () => {
    await using it = await ground()
    const offered = await it.open()
    const good = { status: 200, body: '{"type":"MatchPrepared","matchId":"match_1","reports":true}' }
    expect(await offered.prepare(signed(order()))).toEqual(good)
    expect(await offered.prepare(signed(order()))).toEqual(good)
    expect(it.sessions).toHaveLength(1)
    const [play] = it.sessions as [GameSession]
    expect(play.match).toMatchObject({
      match_id: 'match_1',
      factions: [['player_bob'], ['player_ann']],
      nicknames: { player_ann: 'ann', player_bob: 'rook#4821' },
    })
    expect(play.admit('C'.repeat(43)).ok).toBe(false)
    expect(play.admit(annsTicket)).toMatchObject({
      admitted: { player: 'player_ann', team: 1, guest: false, returning: false },
    })
    expect(play.admit(annsTicket)).toMatchObject({ admitted: { returning: true } })
    // A client of another kind brings a ticket, which is good once.
    const ticket = ticketFor('bob')
    expect(play.admit(ticket)).toMatchObject({ admitted: { player: 'player_bob' } })
    expect(play.admit(ticket)).toEqual({ ok: false, reason: 'spent' })

    await play.started()
    await play.result({ teams: [{ players: ['player_ann'], rank: 1 }] })
    expect(it.muster.heard.find(({ path }) => path === '/sessions/session_1/result')?.authorization).toBe(
      'Bearer muster_rt_1_a',
    )
    expect(offered.sessions).toEqual([])
    // An order that was held up somewhere does not begin it anew.
    expect(await offered.prepare(signed(order()))).toEqual(good)
    expect(it.sessions).toHaveLength(1)
  })

  it('believes nobody but Muster', async () => {
    await using it = await ground()
    const offered = await it.open()
    const { body, signature } = signed(order())
    const forged = [
      { body, signature: undefined },
      { body: body.replace('match_1', 'match_2'), signature },
      signed(order(), { key: 'cd'.repeat(32) }),
      signed(order(), { now: Date.now() - 600_000 }),
    ]
    for (const request of forged) expect((await offered.prepare(request)).status).toBe(401)
    for (const nonsense of [null, 5, { type: 'PrepareMatch' }, { ...order(), type: 'Other' }]) {
      expect((await offered.prepare(signed(nonsense))).status).toBe(400)
    }
    expect(it.sessions).toEqual([])
  })

  it('declines a match that it cannot prepare', async () => {
    await using it = await ground({ onMatch: () => Promise.reject(new Error('no map')) })
    const offered = await it.open()
    expect((await offered.prepare(signed(order()))).status).toBe(409)
    expect(it.errors).toMatchObject([{ message: 'no map' }])
    expect(offered.sessions).toEqual([])
  })

  it('lets a match go that Muster has ended', async () => {
    await using it = await ground({}, ({ path }) => (path.endsWith('/started') ? problem(409, 'SESSION_ENDED') : null))
    const offered = await it.open()
    await offered.prepare(signed(order()))
    await expect(it.sessions[0]?.started()).rejects.toMatchObject({ code: 'SESSION_ENDED' })
    expect(offered.sessions).toEqual([])
  })
})
