import { describe, expect, it } from 'vitest'
import { problem, type Reply, stubMuster } from '../../../test/support/stub-muster.ts'
import { call, MusterError } from './api.ts'

const post = <T>(url: string, body: unknown = {}, more: { patienceS?: number; signal?: AbortSignal } = {}) =>
  call<T>({ url, token: 'secret', patienceS: more.patienceS ?? 5 }, 'POST', '/x', body, more.signal)

/** Answers with one reply after the other, then with the last one. */
const inTurn = (replies: Reply[]) =>
  stubMuster((_, count) => replies[Math.min(count, replies.length) - 1] ?? { body: { ok: 1 } })

describe('call', () => {
  it('sends the token and the body, and gives the answer', async () => {
    await using muster = await stubMuster(() => ({ body: { state: 'loading' } }))
    expect(await post(muster.url, { a: 1 })).toEqual({ state: 'loading' })
    expect(muster.heard).toMatchObject([{ authorization: 'Bearer secret', body: { a: 1 } }])
  })

  it('gives nothing where there is no body', async () => {
    await using muster = await stubMuster(() => ({ status: 204 }))
    expect(await post(muster.url)).toBeUndefined()
  })

  it.each([
    ['a line that breaks', { hangUp: true }],
    ['an unavailable Muster', problem(503, 'UNAVAILABLE')],
    ['a limit', problem(429, 'RATE_LIMITED')],
    ['a failure inside', problem(500, 'INTERNAL')],
    ['a proxy in its own words', { status: 502, text: '<h1>Bad gateway</h1>' }],
    ['an answer that is no JSON', { status: 200, text: '<h1>Sign in to the hotel</h1>' }],
    ['a Retry-After that is a date', problem(503, 'BUSY', { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' })],
  ] satisfies [string, Reply][])('repeats after %s', async (_, failure) => {
    await using muster = await inTurn([failure, { body: { ok: 1 } }])
    expect(await post(muster.url)).toEqual({ ok: 1 })
    expect(muster.heard).toHaveLength(2)
  })

  it.each([400, 401, 403, 404, 409, 422])('takes a %i as it stands', async (status) => {
    await using muster = await inTurn([problem(status, 'SOME_CODE')])
    const refusal = await post(muster.url).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(MusterError)
    expect(refusal).toMatchObject({ status, code: 'SOME_CODE', message: 'SOME_CODE: The stub says SOME_CODE.' })
    expect(muster.heard).toHaveLength(1)
  })

  it('waits as long as it is told to', async () => {
    await using muster = await inTurn([problem(503, 'BUSY', { 'retry-after': '1' }), { body: { ok: 1 } }])
    const begun = performance.now()
    await post(muster.url)
    expect(performance.now() - begun).toBeGreaterThanOrEqual(990)
  })

  it('gives up with the last failure when its patience is over, or is not worth waiting for', async () => {
    await using muster = await inTurn([problem(503, 'UNAVAILABLE', { 'retry-after': '3600' })])
    await expect(post(muster.url)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(muster.heard).toHaveLength(1)
    await expect(post(muster.url, {}, { patienceS: 0 })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('stops at once when it is told to', async () => {
    const gone = new AbortController()
    await using muster = await stubMuster(() => {
      gone.abort()
      return problem(503, 'BUSY', { 'retry-after': '4' })
    })
    const begun = performance.now()
    await expect(post(muster.url, {}, { signal: gone.signal })).rejects.toThrow()
    expect(performance.now() - begun).toBeLessThan(2_000)
    expect(muster.heard).toHaveLength(1)
  })
})
