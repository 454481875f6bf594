import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bearer, type HttpGround, httpGround, refusal } from '../../../test/support/http-ground.ts'

describe('the HTTP edge', () => {
  let ground: HttpGround
  beforeEach(async () => {
    ground = await httpGround()
  })
  afterEach(() => ground.server.close())

  describe('answers', () => {
    it('[security 3] what the contract says, and nothing beyond its schema', async () => {
      const answer = await ground.post({ word: 'hello', count: 0 })
      expect(answer).toMatchObject({ status: 201, body: { word: 'hello', count: 0 } })
      expect(answer.body).not.toHaveProperty('secret')
      expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f-]{36}$/)
    })

    it('with no body where there is none', async () => {
      const answer = await ground.call({ method: 'PATCH', url: '/items/session_1', headers: bearer('muster_rt_s1') })
      expect(answer).toMatchObject({ status: 204, body: null })
    })

    it('reads numbers and booleans out of an address', async () => {
      const answer = await ground.call({ url: '/items?limit=5&open=true', headers: bearer('player-token') })
      expect(answer).toMatchObject({ status: 200, body: { limit: 5, open: true } })
    })

    it('[security 29] in the same way whatever way JSON is announced', async () => {
      for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/json ;charset=utf-8']) {
        expect(await ground.post('{"word":"a"}', { 'content-type': type }), type).toMatchObject({ status: 201 })
      }
    })

    it('a call without a body though it announces one of no length', async () => {
      const answer = await ground.call({
        ...{ method: 'POST', url: '/nudge', payload: '' },
        headers: { 'content-type': 'application/json', 'content-length': '0' },
      })
      expect(answer).toMatchObject(refusal(503, 'NO_CAPACITY'))
    })

    it('a call without a body though it announces one', async () => {
      const answer = await ground.call({
        method: 'POST',
        url: '/nudge',
        headers: { 'content-type': 'application/json' },
      })
      expect(answer).toMatchObject(refusal(503, 'NO_CAPACITY'))
      expect(answer.headers['retry-after']).toBe('3')
    })
  })

  describe('refuses', () => {
    it('[security 3] every offending field by name, and handles nothing', async () => {
      const answer = await ground.post({ word: '', count: -1.5, tags: ['long tag', 'b', 'c'], more: 1, 'a/b': 2 })
      expect(answer).toMatchObject(refusal(400, 'INVALID_REQUEST'))
      expect(answer.body).toMatchObject({
        type: 'about:blank',
        title: 'Bad Request',
        request_id: answer.headers['x-request-id'],
      })
      const fields = new Set(answer.body.errors.map((one: { field: string }) => one.field))
      expect(fields).toEqual(new Set(['body.word', 'body.count', 'body.tags', 'body.tags.0', 'body.more', 'body.a/b']))
      expect(answer.body.detail).toContain('body.more is not a field')
      expect(ground.handled).toEqual([])
    })

    it('what a schema finds wrong and what no store could keep, at once', async () => {
      const answer = await ground.post({ word: 'too long a word', tags: ['a\u0000'], count: -1 })
      const fields = answer.body.errors.map((one: { field: string }) => one.field)
      expect(fields).toEqual(['body.word', 'body.count', 'body.tags.0'])
      expect(answer.body.detail).toContain('body.tags.0 has characters that are no text')
      const two = await ground.post({ word: 'a\u0000', tags: ['\u0000'] })
      expect(two.body.errors.map((one: { field: string }) => one.field)).toEqual(['body.word', 'body.tags.0'])
    })

    it.each([
      ['a missing field', {}, 'body.word'],
      ['an unknown property', { word: 'a', admin: true }, 'body.admin'],
      ['a number as text', { word: 'a', count: '1' }, 'body.count'],
      ['text as a number', { word: 1 }, 'body.word'],
      ['null', { word: null }, 'body.word'],
    ])('%s', async (_, payload, field) => {
      const answer = await ground.post(payload)
      expect(answer).toMatchObject(refusal(400, 'INVALID_REQUEST'))
      expect(answer.body.errors.map((one: { field: string }) => one.field)).toContain(field)
    })

    it.each(['', '{', '[]', 'null', '7', '"word"', '{"word":"a"}}', '\u0000', '{"word":"a",}'])(
      'a body that is %j',
      async (payload) => {
        expect(await ground.post(payload)).toMatchObject(refusal(400, 'INVALID_REQUEST'))
        expect(ground.handled).toEqual([])
      },
    )

    it.each([
      '{"word":"a","__proto__":{"admin":true}}',
      '{"__proto__":{"word":"a"}}',
      '{"word":"a","constructor":{"prototype":{"admin":true}}}',
      '{"word":"a","tags":[{"__proto__":{}}]}',
      '{"word":"a","\\u005f_proto__":{"admin":true}}',
      '{"word":"a","constructor":1}',
      '{"word":"a","toString":1}',
    ])('[security 30] what reaches for prototypes: %s', async (payload) => {
      expect(await ground.post(payload)).toMatchObject(refusal(400, 'INVALID_REQUEST'))
      expect(ground.handled).toEqual([])
      expect(({} as { admin?: boolean }).admin).toBeUndefined()
    })

    it('what reaches for prototypes by its name, and no JSON as such', async () => {
      const reaching = await ground.post('{"word":"a","__proto__":{"admin":true}}')
      expect(reaching.body).toMatchObject({ errors: [{ field: 'body', problem: expect.stringMatching(/__proto__/) }] })
      expect((await ground.post('{"word":')).body.detail).toMatch(/not valid JSON/)
    })

    it('fields in words, not in those of the validator', async () => {
      const { body } = await ground.post({ word: '', tags: ['a', 'b', 'a'], more: 1 })
      expect(body.errors).toEqual(
        expect.arrayContaining([
          { field: 'body.word', problem: 'must not be empty' },
          { field: 'body.tags', problem: 'must hold at most 2' },
        ]),
      )
    })

    it('a missing body by its name', async () => {
      const answer = await ground.call({ method: 'POST', url: '/items' })
      expect(answer).toMatchObject(refusal(400, 'INVALID_REQUEST'))
      expect(answer.body.detail).toMatch(/^body /)
    })

    it.each(['limit=0', 'limit=x', 'limit=1&limit=2', 'more=1', 'open=maybe', 'limit=1.5'])(
      'an address with ?%s',
      async (query) => {
        const answer = await ground.call({ url: `/items?${query}`, headers: bearer('player-token') })
        expect(answer).toMatchObject(refusal(400, 'INVALID_REQUEST'))
        expect(answer.body.errors[0].field).toMatch(/^query\./)
      },
    )

    it('an id that is none', async () => {
      const answer = await ground.call({ method: 'PATCH', url: '/items/7', headers: bearer('operator-token') })
      expect([400, 403]).toContain(answer.status)
    })

    it.each([
      ...['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'],
      ...['application/merge-patch+json', 'text/json', 'application/jsonp', 'application/', 'json', '/', ';'],
    ])('[security 29] a body of type %s', async (type) => {
      expect(await ground.post('{"word":"a"}', { 'content-type': type })).toMatchObject(
        refusal(415, 'UNSUPPORTED_MEDIA_TYPE'),
      )
      expect(ground.handled).toEqual([])
    })

    it('a body that is too large, announced or not', async () => {
      expect(await ground.post({ word: 'x'.repeat(3_000) })).toMatchObject(refusal(413, 'TOO_LARGE'))
      expect(ground.handled).toEqual([])
    })

    it('an address where there is nothing', async () => {
      for (const url of ['/nothing', '/items/a/b', '/ITEMS', '//items', '/']) {
        expect(await ground.call({ url }), url).toMatchObject(refusal(404, 'NOT_FOUND'))
      }
    })

    it('another method, with those that there are', async () => {
      const items = await ground.call({ method: 'DELETE', url: '/items' })
      expect(items).toMatchObject(refusal(405, 'METHOD_NOT_ALLOWED'))
      expect(items.headers.allow?.toString().split(', ').sort()).toEqual(['GET', 'POST'])
      const item = await ground.call({ method: 'GET', url: '/items/session_1' })
      expect(item).toMatchObject({ ...refusal(405, 'METHOD_NOT_ALLOWED'), headers: { allow: 'PATCH' } })
    })

    it('what may be done with an id, of a path that is written out', async () => {
      expect(await ground.call({ url: '/items/latest' })).toMatchObject({ status: 204 })
      for (const url of ['/items/latest', '/items/latest?a=b']) {
        const answer = await ground.call({ method: 'PATCH', url, headers: bearer('muster_rt_s1') })
        expect(answer, url).toMatchObject({ ...refusal(405, 'METHOD_NOT_ALLOWED'), headers: { allow: 'GET' } })
      }
      const asked = await ground.call({ method: 'OPTIONS', url: '/items/latest' })
      expect(asked).toMatchObject({ status: 204, headers: { allow: 'GET' } })
    })

    it('a path that cannot be read', async () => {
      for (const url of ['/items/%zz', '/%'])
        expect(await ground.call({ url }), url).toMatchObject(refusal(400, 'INVALID_REQUEST'))
    })

    it('[security 2] who may not call, before it looks at what is asked', async () => {
      const fail = (headers: Record<string, string> = {}) => ground.call({ method: 'POST', url: '/fail', headers })
      const stranger = await fail()
      expect(stranger).toMatchObject({ ...refusal(401, 'UNAUTHENTICATED'), headers: { 'www-authenticate': 'Bearer' } })
      for (const token of ['player-token', 'muster_sk_service', 'muster_rt_s1']) {
        expect(await fail(bearer(token)), token).toMatchObject(refusal(403, 'FORBIDDEN'))
      }
      for (const authorization of [
        'Bearer wrong',
        'Basic YTpi',
        'Bearer',
        '',
        'Bearer a b',
        'bearer muster_sk_wrong',
      ]) {
        expect(await fail({ authorization }), authorization).toMatchObject(refusal(401, 'UNAUTHENTICATED'))
      }
      expect(await ground.call({ url: '/items?limit=x' })).toMatchObject(refusal(401, 'UNAUTHENTICATED'))
    })

    it('a token that is no longer good, even where none is needed', async () => {
      expect(await ground.post({ word: 'a' }, bearer('old'))).toMatchObject(refusal(401, 'UNAUTHENTICATED'))
      expect(ground.handled).toEqual([])
    })

    it('[security 1] a report token of another session', async () => {
      const rename = (id: string) =>
        ground.call({ method: 'PATCH', url: `/items/${id}`, headers: bearer('muster_rt_s1') })
      expect(await rename('session_2')).toMatchObject(refusal(403, 'FORBIDDEN'))
      expect(await rename('session_1')).toMatchObject({ status: 204 })
    })

    it('everybody while it starts or stops, but answers', async () => {
      ground.state.serving = false
      const answer = await ground.post({ word: 'a' })
      expect(answer).toMatchObject(refusal(503, 'UNAVAILABLE'))
      expect(answer.headers['retry-after']).toBe('1')
    })
  })

  describe('keeps to itself', () => {
    it('what broke inside; the log has it, under the request id', async () => {
      const answer = await ground.call({ method: 'POST', url: '/fail', headers: bearer('operator-token') })
      expect(answer).toMatchObject(refusal(500, 'INTERNAL'))
      expect(JSON.stringify(answer.body)).not.toMatch(/inner|hunter2|stack/)
      const logged = ground.lines.map((line) => JSON.parse(line)).find((line) => line.err !== undefined)
      expect(logged).toMatchObject({ request_id: answer.body.request_id, err: { message: 'inner workings' } })
    })

    it('which line refused a call, where nothing broke', async () => {
      await ground.call({ method: 'POST', url: '/nudge' })
      const [logged] = ground.lines.map((line) => JSON.parse(line)).filter((line) => line.code === 'NO_CAPACITY')
      expect(logged).toMatchObject({ detail: 'No game server has room right now. Try again shortly.' })
      expect(logged).not.toHaveProperty('err')
    })

    it('[security 19] what must not be in a log', async () => {
      await ground.post({ word: 'canary-body' }, bearer('canary-token'))
      await ground.post('{"word":"canary-broken', {})
      await ground.call({ method: 'POST', url: '/fail?token=canary-address', headers: bearer('operator-token') })
      await ground.call({ url: '/nothing/canary-path?access_token=canary-query' })
      expect(ground.lines.length).toBeGreaterThan(3)
      expect(ground.lines.join('\n')).not.toMatch(/canary|hunter2|operator-token/)
    })
  })

  describe('lets pages call', () => {
    const preflight = (origin: string) =>
      ground.call({ method: 'OPTIONS', url: '/items', headers: { origin, 'access-control-request-method': 'POST' } })

    it('of the origins that are named, and no others', async () => {
      const allowed = await preflight('https://game.example')
      expect(allowed).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': 'https://game.example' } })
      expect(allowed.headers['access-control-allow-headers']).toContain('authorization')
      expect((await preflight('https://evil.example')).headers).not.toHaveProperty('access-control-allow-origin')
      const refused = await ground.call({ url: '/items', headers: { origin: 'https://game.example' } })
      expect(refused).toMatchObject({
        status: 401,
        headers: { 'access-control-allow-origin': 'https://game.example', vary: 'origin' },
      })
    })
  })
})
