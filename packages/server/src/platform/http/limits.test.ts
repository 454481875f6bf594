import { Refusal } from '@muster/protocol'
import type { InjectOptions } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bearer, type HttpGround, httpGround, refusal } from '../../../test/support/http-ground.ts'

describe('limits', () => {
  let ground: HttpGround
  beforeEach(async () => {
    ground = await httpGround()
  })
  afterEach(() => ground.server.close())

  const list = (token: string) => ground.call({ url: '/items', headers: bearer(token) })
  const exhaust = async (run: () => Promise<{ status: number }>) => {
    for (let at = 0; at < 50; at++) expect((await run()).status).not.toBe(429)
    return run()
  }

  it('each caller by itself, and says when to come back', async () => {
    await ground.clock.advance(15_000)
    const refused = await exhaust(() => list('player-token'))
    expect(refused).toMatchObject({ ...refusal(429, 'RATE_LIMITED'), headers: { 'retry-after': '45' } })
    expect((await list('operator-token')).status).toBe(200)
    await ground.clock.advance(45_000)
    expect((await list('player-token')).status).toBe(200)
  })

  it('[security 28] strangers by their address, as far as named proxies vouch for it', async () => {
    const from = (remoteAddress: string, forwarded?: string) => () =>
      ground.call({
        ...{ method: 'POST', url: '/items', payload: { word: 'a' }, remoteAddress },
        headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      } as InjectOptions)
    expect(await exhaust(from('198.51.100.7'))).toMatchObject({ status: 429 })
    expect(await from('198.51.100.7', '203.0.113.1')()).toMatchObject({ status: 429 })
    expect(await from('10.0.0.1', '203.0.113.1')()).toMatchObject({ status: 201 })
    expect(await from('10.0.0.1', '198.51.100.7')()).toMatchObject({ status: 429 })
  })

  it('who tries one bad token after the other', async () => {
    let at = 0
    expect(await exhaust(() => list(`guess-${at++}`))).toMatchObject(refusal(429, 'RATE_LIMITED'))
  })

  it('by its own count while the shared one is away', async () => {
    const lost = new Refusal('UNAVAILABLE')
    ground.soft.add = () => Promise.reject(lost)
    expect(await exhaust(() => list('player-token'))).toMatchObject(refusal(429, 'RATE_LIMITED'))
  })
})
