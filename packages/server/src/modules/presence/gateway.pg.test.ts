import { Closed, type PlayerId, Refusal } from '@muster/protocol'
import Type from 'typebox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type GatewayNode, gatewayGround } from '../../../test/support/gateway-ground.ts'
import { openSocket, Refused } from '../../../test/support/socket-client.ts'
import { createLog } from '../../platform/log.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'

describe('the gateway’s log', () => {
  it('[security 19] holds no token, whichever way it came, and no address', async () => {
    const lines: string[] = []
    const log = createLog({ level: 'trace', pretty: false }, { write: (line) => void lines.push(line) })
    await using ground = await gatewayGround({ log })
    const node = await ground.node()
    node.presence.onMessage('queue_join', Type.Optional(Type.Unknown()), async () => {
      throw new Error('planted')
    })
    for (const token of ['canary-bad', `${ground.token(ann)}`]) {
      const clients = [
        await openSocket(`${node.url}?token=${token}`),
        await openSocket(node.url, { protocols: ['muster', token] }),
        await openSocket(node.url),
      ]
      clients[2]?.send({ event: 'authenticate', data: { token } })
      if (token.startsWith('canary')) await Promise.all(clients.map(({ closed }) => closed))
      else for (const client of clients) await client.ask('queue_join', { token, secret: 'canary-data' })
    }
    await ground.kysely.schema.dropTable('presence_inboxes').execute()
    expect((await (await openSocket(`${node.url}?token=${ground.token(ann)}`)).closed).code).toBe(1013)
    expect(lines.length).toBeGreaterThanOrEqual(4)
    expect(lines.join('\n')).not.toMatch(/canary|token-\d|127\.0\.0\.1/)
  })
})

describe('the gateway', () => {
  let ground: Awaited<ReturnType<typeof gatewayGround>>
  let node: GatewayNode
  beforeEach(async () => {
    ground = await gatewayGround()
    node = await ground.node()
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  describe('lets in', () => {
    const welcome = { message: 'Welcome, ann.', player_id: ann, nick: 'ann', seq: 0, missed: false, heartbeat_s: 20 }

    it('by the first message, answered under its id', async () => {
      const client = await openSocket(node.url)
      expect(await client.ask('authenticate', { token: ground.token(ann) })).toEqual({
        event: 'welcome',
        data: welcome,
        id: 1,
      })
    })

    it('by a token beside the subprotocol, which is not repeated', async () => {
      const client = await openSocket(node.url, { protocols: ['muster', ground.token(ann)] })
      expect(client.socket.protocol).toBe('muster')
      expect((await client.next()).data).toEqual(welcome)
    })

    it('by a token in the address', async () => {
      const client = await openSocket(`${node.url}?token=${ground.token(ann)}&resume_after=0`)
      expect((await client.next()).data).toEqual(welcome)
    })

    it('also those who ask before they were welcomed, in their order', async () => {
      const order: string[] = []
      node.presence.onMessage('queue_join', Type.Optional(Type.Unknown()), async () => void order.push('join'))
      node.presence.onMessage('queue_leave', Type.Optional(Type.Unknown()), async () => void order.push('leave'))
      const client = await openSocket(node.url)
      client.send({ event: 'authenticate', data: { token: ground.token(ann) } })
      client.send({ event: 'queue_join', id: 1 })
      client.send({ event: 'queue_leave', id: 2 })
      for (const event of ['welcome', 'queue_join_ok', 'queue_leave_ok'])
        expect((await client.next()).event).toBe(event)
      expect(order).toEqual(['join', 'leave'])
    })
  })

  describe('turns away', () => {
    const policy = (reason: string) => ({ code: 1008, reason })

    it.each([
      [
        'as the first message',
        () =>
          openSocket(node.url).then((client) => {
            client.send({ event: 'authenticate', data: { token: 'wrong' } })
            return client
          }),
      ],
      ['beside the subprotocol', () => openSocket(node.url, { protocols: ['muster', 'wrong'] })],
      ['in the address', () => openSocket(`${node.url}?token=wrong`)],
    ])('a bad token %s', async (_, open) => {
      expect(await (await open()).closed).toEqual(policy('Invalid token'))
    })

    it('a token whose login has ended, or whose time is up', async () => {
      const ended = ground.token(ann, { login: 'login_ended' })
      ground.ended.add('login_ended')
      expect(await (await openSocket(`${node.url}?token=${ended}`)).closed).toEqual(policy('Invalid token'))
      const old = ground.token(ann, { livesS: 1 })
      await ground.clock.advance(1_000)
      expect(await (await openSocket(`${node.url}?token=${old}`)).closed).toEqual(policy('Invalid token'))
    })

    it('[security 23] who is silent for three seconds, and not sooner', async () => {
      const early = await openSocket(node.url)
      await ground.clock.advance(1_000)
      const late = await openSocket(node.url)
      await ground.clock.advance(1_999)
      expect(early.socket.readyState).toBe(early.socket.OPEN)
      await ground.clock.advance(1)
      expect(await early.closed).toEqual(policy('No token came in time'))
      expect(late.socket.readyState).toBe(late.socket.OPEN)
      late.send({ event: 'authenticate', data: { token: ground.token(ann) } })
      await late.next('welcome')
      await ground.clock.advance(5_000)
      expect((await late.ask('ping')).event).toBe('pong')
    })

    it.each([
      ['something else first', { event: 'ping' }],
      ['no token', { event: 'authenticate', data: {} }],
      ['a token and more', { event: 'authenticate', data: { token: 'x', admin: true } }],
      ['no data', { event: 'authenticate' }],
      ['a number that is none', { event: 'authenticate', data: { token: 'x', resume_after: -1 } }],
    ])('who sends %s', async (_, frame) => {
      const client = await openSocket(node.url)
      client.send(frame)
      expect(await client.closed).toEqual(policy('Send authenticate with a token first'))
    })

    it('[security 18] tokens in addresses, where the operator says so', async () => {
      const strict = await ground.node({ tokenInAddress: false })
      const token = ground.token(ann)
      expect(await (await openSocket(`${strict.url}?token=${token}`)).closed).toEqual(
        policy('No tokens in addresses here'),
      )
      await strict.signIn(token)
    })

    it.each([
      ['http://foreign.example', 403],
      ['null', 403],
      ['https://game.example', 101],
      [undefined, 101],
    ])('[security 22] a page of origin %s: %s', async (origin, status) => {
      const open = await ground.node({ origins: ['https://game.example'] })
      const opening = openSocket(open.url, { origin })
      if (status === 101) return (await opening).close()
      const refused = await opening.catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(Refused)
      expect(JSON.parse((refused as Refused).body)).toMatchObject({ status, code: 'FORBIDDEN', title: 'Forbidden' })
    })

    it('at any other path', async () => {
      const refused = await openSocket(node.url.replace('/ws', '/wss')).catch((error: unknown) => error)
      expect(refused).toMatchObject({ status: 404 })
    })

    it('for a moment, where the store does not answer', async () => {
      const broken = await ground.node({})
      await ground.kysely.schema.alterTable('presence_inboxes').renameTo('presence_hidden').execute()
      const client = await openSocket(`${broken.url}?token=${ground.token(ann)}`)
      expect(await client.closed).toEqual({ code: 1013, reason: 'Try again shortly' })
    })
  })

  describe('answers', () => {
    const Data = Closed({ word: Type.String({ maxLength: 5 }) })

    it('a ping, and a request under its id', async () => {
      node.presence.onMessage('queue_join', Data, async (caller, { word }, { address }) => ({
        ...{ said: word, by: caller.player, address },
      }))
      const client = await node.signIn(ground.token(ann))
      expect(await client.ask('ping', { any: 'thing' })).toEqual({ event: 'pong', data: {}, id: 1 })
      expect(await client.ask('queue_join', { word: 'hello' })).toEqual({
        event: 'queue_join_ok',
        data: { said: 'hello', by: ann, address: '127.0.0.1' },
        id: 2,
      })
    })

    it('under another event where the handler says so, and with nothing where it has nothing to say', async () => {
      node.presence.onMessage('enter_world', Type.Optional(Data), async () => undefined, {
        answerEvent: 'enter_world_success',
      })
      const client = await node.signIn(ground.token(ann))
      expect(await client.ask('enter_world')).toEqual({ event: 'enter_world_success', data: {}, id: 1 })
    })

    it('bad data with every offending field, and does not handle it', async () => {
      let handled = 0
      node.presence.onMessage('queue_join', Data, async () => handled++)
      const client = await node.signIn(ground.token(ann))
      const complaint = async (data: unknown) =>
        (await client.ask('queue_join', data)).data as { code: string; message: string }
      expect(await complaint(undefined)).toEqual({ code: 'INVALID_REQUEST', message: 'data is missing' })
      expect(await complaint({})).toEqual({ code: 'INVALID_REQUEST', message: 'data.word is missing' })
      expect((await complaint({ word: 'too long', more: 1 })).message).toMatch(
        /data\.more is not a field.*data\.word must have at most 5/,
      )
      expect((await complaint(JSON.parse('{"word":"a","__proto__":{"x":1}}'))).message).toBe(
        'data.__proto__ is not a field this call takes',
      )
      expect((await complaint({ word: 'a\u0000' })).message).toMatch(/^data\.word /)
      expect((await complaint({ word: '\ud800' })).message).toMatch(/^data\.word /)
      expect(handled).toBe(0)
    })

    it('a refusal with its code, and what breaks on our side without its reason', async () => {
      node.presence.onMessage('queue_join', Data, async () => {
        throw new Refusal('ALREADY_SEARCHING')
      })
      node.presence.onMessage('queue_leave', Data, async () => {
        throw new Error('secret inner workings')
      })
      const client = await node.signIn(ground.token(ann))
      expect((await client.ask('queue_join', { word: 'a' })).data).toMatchObject({ code: 'ALREADY_SEARCHING' })
      const { data } = await client.ask('queue_leave', { word: 'a' })
      expect(data).toMatchObject({ code: 'INTERNAL', message: expect.stringMatching(/\(req_[0-9a-f-]+\)$/) })
      expect(JSON.stringify(data)).not.toContain('secret')
    })

    it('one request after the other, as many as may wait, and refuses the rest', async () => {
      const releases: (() => void)[] = []
      let atOnce = 0
      let most = 0
      node.presence.onMessage('queue_join', Type.Optional(Data), async () => {
        most = Math.max(most, ++atOnce)
        await new Promise<void>((resolve) => void releases.push(resolve))
        atOnce--
      })
      const client = await node.signIn(ground.token(ann))
      for (let id = 1; id <= 20; id++) client.send({ event: 'queue_join', id })
      const refused = await Promise.all([18, 19, 20].map(() => client.next('error')))
      expect(refused.map(({ id, data }) => [id, (data as { code: string }).code])).toEqual([
        [18, 'BUSY'],
        [19, 'BUSY'],
        [20, 'BUSY'],
      ])
      expect((await client.ask('ping')).event).toBe('pong')
      for (let id = 1; id <= 17; id++) {
        releases.shift()?.()
        expect((await client.next('queue_join_ok')).id).toBe(id)
      }
      expect(most).toBe(1)
    })

    it('an event that there is not', async () => {
      const client = await node.signIn(ground.token(ann))
      expect((await client.ask('fly')).data).toEqual({ code: 'INVALID_REQUEST', message: 'There is no such event.' })
    })

    it('refuses two handlers of one event', () => {
      const register = () => node.presence.onMessage('queue_join', Data, async () => undefined)
      register()
      expect(register).toThrow(/queue_join/)
      expect(() => node.presence.onMessage('authenticate', Data, async () => undefined)).toThrow(/authenticate/)
    })
  })

  describe('closes', () => {
    it('the oldest of too many connections of one player', async () => {
      const clients = []
      for (let at = 0; at < 5; at++) clients.push(await node.signIn(ground.token(ann)))
      const other = await node.signIn(ground.token(bob))
      for (const replaced of clients.slice(0, 2)) {
        expect(await replaced.closed).toEqual({ code: 4409, reason: 'Replaced by a newer connection' })
      }
      await node.push(ann, 'to all')
      for (const kept of clients.slice(2)) expect((await kept.next('kicked')).seq).toBe(1)
      expect((await other.ask('ping')).event).toBe('pong')
    })

    it('[security 9] the sockets of a login that ends, at the hint, and no other', async () => {
      const ending = await node.signIn(ground.token(ann, { login: 'login_1' }))
      const staying = await node.signIn(ground.token(ann, { login: 'login_2' }))
      ground.ended.add('login_1')
      node.tellEnded({ player: ann, login: 'login_1' })
      expect(await ending.closed).toEqual({ code: 4401, reason: 'Logged out' })
      expect((await staying.ask('ping')).event).toBe('pong')
    })

    it('[security 9] all sockets of a player whose logins all end', async () => {
      const clients = [await node.signIn(ground.token(ann, { login: 'login_1' })), await node.signIn(ground.token(ann))]
      node.tellEnded({ player: ann, login: null })
      for (const client of clients) expect((await client.closed).code).toBe(4401)
    })

    it('[security 4] the sockets of an ended login within five seconds, though no hint came', async () => {
      const client = await node.signIn(ground.token(ann, { login: 'login_1' }))
      ground.ended.add('login_1')
      await ground.clock.advance(2_000)
      expect((await client.closed).code).toBe(4401)
    })

    it('[security 23] when the token ends, unless a fresh one came; meanwhile only that is taken', async () => {
      node.presence.onMessage('queue_join', Type.Optional(Type.Unknown()), async () => undefined)
      const renewing = await node.signIn(ground.token(ann, { livesS: 60 }))
      const idle = await node.signIn(ground.token(bob, { livesS: 60 }))
      await ground.clock.advance(29_000)
      expect(renewing.frames.map(({ event }) => event)).toEqual(['welcome'])
      await ground.clock.advance(3_000)
      expect((await renewing.next('reauthenticate')).data).toEqual({ within_s: 35 })
      await ground.clock.advance(29_000)
      expect((await renewing.ask('queue_join')).data).toMatchObject({ code: 'UNAUTHENTICATED' })
      expect((await renewing.ask('authenticate', { token: 'wrong' })).data).toMatchObject({ code: 'UNAUTHENTICATED' })
      expect((await renewing.ask('authenticate', { token: ground.token(bob) })).data).toMatchObject({
        code: 'FORBIDDEN',
      })
      expect(await renewing.ask('authenticate', { token: ground.token(ann, { livesS: 60 }) })).toMatchObject({
        event: 'authenticate_ok',
        data: {},
      })
      expect((await renewing.ask('queue_join')).event).toBe('queue_join_ok')
      await ground.clock.advance(10_000)
      expect(await idle.closed).toEqual({ code: 4401, reason: 'Token expired' })
      expect((await renewing.ask('ping')).event).toBe('pong')
      await ground.clock.advance(60_000)
      expect((await renewing.closed).code).toBe(4401)
    })

    it('everything when it stops, and lets nobody in any more', async () => {
      const clients = [await node.signIn(ground.token(ann)), await openSocket(node.url)]
      await node.presence.stop()
      for (const client of clients)
        expect(await client.closed).toEqual({ code: 1001, reason: 'The server is stopping' })
      await expect(openSocket(node.url)).rejects.toMatchObject({ status: 503 })
    })
  })
})
