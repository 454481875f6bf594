import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { createClient } from '@redis/client'
import { describe, expect, it, vi } from 'vitest'
import { testProxy } from '../../test/support/test-proxy.ts'
import { testRedisUrl } from '../../test/support/test-redis.ts'
import { systemClock } from './clock.ts'
import { silentLog } from './log.ts'
import type { SoftState } from './soft-state.ts'
import { redisSoftState } from './soft-state-redis.ts'
import { softStateSuite } from './soft-state-suite.ts'
import { createWakes } from './wakes.ts'

const url = testRedisUrl() ?? 'redis://127.0.0.1:1'
const somewhere = () => `test:${randomUUID()}:`
const log = silentLog

describe.skipIf(testRedisUrl() === undefined)('on Redis', () => {
  softStateSuite('Redis', async () => {
    const soft = await redisSoftState({ url, log, prefix: somewhere() })
    return {
      soft,
      async pass(spanMs) {
        // Only Redis knows when a key of its own ends: this one is set last, so the others have ended with it.
        const key = `passed ${randomUUID()}`
        await soft.set(key, '', spanMs)
        await vi.waitFor(async () => expect(await soft.get(key)).toBeNull(), { interval: 5 })
      },
      [Symbol.asyncDispose]: () => soft[Symbol.asyncDispose](),
    }
  })

  /** Two nodes on one Redis, the first through a wire that can be cut. */
  async function twoNodes() {
    const { hostname, port, pathname } = new URL(url)
    const proxy = await testProxy({ host: hostname, port: Number(port || 6379) })
    const prefix = somewhere()
    const first = await redisSoftState({ url: `redis://127.0.0.1:${proxy.port}${pathname}`, log, prefix })
    const second = await redisSoftState({ url, log, prefix })
    return {
      ...{ proxy, first, second },
      async [Symbol.asyncDispose]() {
        await first[Symbol.asyncDispose]()
        await second[Symbol.asyncDispose]()
        await proxy[Symbol.asyncDispose]()
      },
    }
  }
  const isBack = (soft: SoftState) => vi.waitFor(() => soft.check(), { timeout: 10_000, interval: 20 })

  it('is shared by the nodes', async () => {
    await using nodes = await twoNodes()
    await nodes.first.add('count', 1, 10_000)
    expect(await nodes.second.add('count', 1, 10_000)).toBe(2)
    const heard: string[] = []
    await nodes.first.subscribe('news', (message) => heard.push(message))
    await nodes.second.publish('news', 'hello')
    await vi.waitFor(() => expect(heard).toEqual(['hello']))
  })

  it('keeps installations apart by their prefix', async () => {
    await using one = await redisSoftState({ url, log, prefix: somewhere() })
    await using other = await redisSoftState({ url, log, prefix: somewhere() })
    const heard: string[] = []
    await other.subscribe('news', (message) => heard.push(message))
    await one.set('a', 'x', 10_000)
    await one.publish('news', 'not for you')
    await other.publish('news', 'for you')
    expect(await other.get('a')).toBeNull()
    await vi.waitFor(() => expect(heard).toEqual(['for you']))
  })

  it('never leaves a key without an end, even where one was', async () => {
    const prefix = somewhere()
    await using soft = await redisSoftState({ url, log, prefix })
    const client = await createClient({ url }).connect()
    try {
      await client.set(`${prefix}count`, '5')
      await soft.add('count', 1, 10_000)
      await soft.add('other', 1, 10_000)
      expect(await client.pTTL(`${prefix}count`)).toBeGreaterThan(0)
      expect(await client.pTTL(`${prefix}other`)).toBeGreaterThan(0)
    } finally {
      client.destroy()
    }
  })

  it('takes being emptied at any moment as a matter of course', async () => {
    await using soft = await redisSoftState({ url, log, prefix: somewhere() })
    const heard: string[] = []
    await soft.subscribe('news', (message) => heard.push(message))
    await soft.set('a', 'x', 10_000)
    await soft.add('count', 5, 10_000)
    const client = await createClient({ url }).connect()
    await client.flushAll()
    client.destroy()
    expect(await soft.get('a')).toBeNull()
    expect(await soft.add('count', 1, 10_000)).toBe(1)
    expect(await soft.setNew('a', 'y', 10_000)).toBe(true)
    await soft.publish('news', 'still here')
    await vi.waitFor(() => expect(heard).toEqual(['still here']))
  })

  it('refuses at once while the server is away, and is back by itself, subscriptions included', async () => {
    await using nodes = await twoNodes()
    const heard: string[] = []
    await nodes.first.subscribe('news', (message) => heard.push(message))
    await nodes.proxy.refuse()
    await expect(nodes.first.get('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const startedAt = performance.now()
    const asked = Array.from({ length: 100 }, () => nodes.first.add('count', 1, 10_000))
    expect((await Promise.allSettled(asked)).every(({ status }) => status === 'rejected')).toBe(true)
    await expect(nodes.first.check()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(performance.now() - startedAt).toBeLessThan(200)
    await nodes.first.subscribe('more news', (message) => heard.push(message))

    await nodes.proxy.listen()
    await isBack(nodes.first)
    await vi.waitFor(async () => {
      await nodes.second.publish('news', 'one')
      await nodes.second.publish('more news', 'two')
      expect(heard).toEqual(expect.arrayContaining(['one', 'two']))
    })
  })

  it('gives up on a server that takes commands and stays silent, then finds it again', async () => {
    await using nodes = await twoNodes()
    nodes.proxy.swallow()
    const startedAt = performance.now()
    await expect(nodes.first.get('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    await expect(nodes.first.get('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    nodes.proxy.restore()
    await isBack(nodes.first)
    await nodes.first.set('a', 'x', 10_000)
    expect(await nodes.first.get('a')).toBe('x')
  })

  it('notices that its listening line is dead though nobody asks anything of it', async () => {
    await using nodes = await twoNodes()
    const heard: string[] = []
    await nodes.first.subscribe('news', (message) => heard.push(message))
    const made = nodes.proxy.made()
    nodes.proxy.swallow()
    await vi.waitFor(() => expect(nodes.proxy.made()).toBeGreaterThanOrEqual(made + 2), { timeout: 8_000 })
    nodes.proxy.restore()
    await isBack(nodes.first)
    await vi.waitFor(async () => {
      await nodes.second.publish('news', 'hello')
      expect(heard).toContain('hello')
    })
  })

  it('starts though there is no server yet', async () => {
    const startedAt = performance.now()
    await using soft = await redisSoftState({ url: 'redis://127.0.0.1:1', log })
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    await expect(soft.add('count', 1, 1_000)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(soft.subscribe('news', () => undefined)).resolves.toBeTypeOf('function')
  })

  it('refuses an address that is none, without repeating it', async () => {
    await expect(redisSoftState({ url: 'http://me:hunter2@x', log })).rejects.toThrow(/^(?!.*hunter2).*redis:\/\//)
  })

  it('carries wakes from node to node, each once', async () => {
    await using nodes = await twoNodes()
    const ground = { clock: systemClock, log }
    await using one = await createWakes({ ...ground, soft: nodes.first, node: 'one' })
    await using two = await createWakes({ ...ground, soft: nodes.second, node: 'two' })
    const heard: string[] = []
    one.hear('session', (ids) => heard.push(`one ${ids}`))
    two.hear('session', (ids) => heard.push(`two ${ids}`))
    const woken = two.wait('session', 'b', 20_000).over
    one.wake('session', ['a', 'b'])
    await woken
    one.wake('session', ['c'])
    await vi.waitFor(() => expect(heard.sort()).toEqual(['one a,b', 'one c', 'two a,b', 'two c']))
  })
})
