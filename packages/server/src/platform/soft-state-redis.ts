import { type Clock, systemClock } from './clock.ts'
import type { Log } from './log.ts'
import { type Random, systemRandom } from './random.ts'
import { openRedisLine } from './redis-line.ts'
import type { SoftState } from './soft-state.ts'

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user, password and database number where they are needed. */
  url: string
  /** Before every key and channel, so that several installations can share a server. */
  prefix?: string
  log: Log
  clock?: Clock
  random?: Random
}

/** Both steps as one, so that no key is ever left without an end. */
const addScript = `
  local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
  if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  return sum`

const lifetime = (ttlMs: number) => String(Math.max(1, Math.ceil(ttlMs)))

/** Soft state that several nodes share. While the server is away every call is refused with UNAVAILABLE at once; a
 *  subscription stays, and hears again once the server is back. */
export async function redisSoftState(options: RedisOptions): Promise<SoftState> {
  const { url, prefix = 'muster:', log, clock = systemClock, random = systemRandom } = options
  if (!URL.canParse(url) || !/^rediss?:/.test(url)) {
    throw new Error('The address of Redis must be redis://host:port or rediss://host:port.')
  }
  const listeners = new Map<string, Set<(message: string) => void>>()

  const spread = (message: string, channel: string) => {
    for (const listener of [...(listeners.get(channel) ?? [])]) {
      try {
        listener(message)
      } catch (error) {
        log.error({ err: error, channel }, 'a listener failed')
      }
    }
  }
  const asking = openRedisLine({ url, name: 'muster-soft-state', clock, random, log })
  const hearing = openRedisLine({
    ...{ url, name: 'muster-hints', clock, random, log },
    onReady: (client) => Promise.all([...listeners.keys()].map((channel) => client.subscribe(channel, spread))),
  })
  await Promise.all([asking.begun, hearing.begun])

  return {
    get: async (key) => (await asking.ask('GET', prefix + key)) as string | null,
    async set(key, value, ttlMs) {
      await asking.ask('SET', prefix + key, value, 'PX', lifetime(ttlMs))
    },
    setNew: async (key, value, ttlMs) =>
      (await asking.ask('SET', prefix + key, value, 'PX', lifetime(ttlMs), 'NX')) !== null,
    async remove(key) {
      await asking.ask('DEL', prefix + key)
    },
    add: async (key, amount, ttlMs) =>
      Number(await asking.ask('EVAL', addScript, '1', prefix + key, String(amount), lifetime(ttlMs))),
    async publish(channel, message) {
      await asking.ask('PUBLISH', prefix + channel, message)
    },
    async subscribe(channel, listener) {
      const name = prefix + channel
      const known = listeners.get(name)
      const heard = known ?? new Set()
      listeners.set(name, heard.add(listener))
      // Where this fails the line is lost with it, and the next one is given the channel.
      if (known === undefined)
        await hearing
          .client()
          ?.subscribe(name, spread)
          .catch(() => undefined)
      return () => {
        heard.delete(listener)
        if (heard.size > 0 || listeners.get(name) !== heard) return
        listeners.delete(name)
        hearing
          .client()
          ?.unsubscribe(name, spread)
          .catch(() => undefined)
      }
    },
    async check() {
      await Promise.all([asking.ask('PING'), hearing.ask('PING')])
    },
    async [Symbol.asyncDispose]() {
      asking.close()
      hearing.close()
      listeners.clear()
    },
  }
}
