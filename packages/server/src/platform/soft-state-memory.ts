import type { Clock } from './clock.ts'
import { type Log, silentLog } from './log.ts'
import type { SoftState } from './soft-state.ts'

const sweepEveryMs = 30_000

/** Soft state of a single process. Listeners hear a message in a later turn, as they would from a store. */
export function memorySoftState(clock: Clock, log: Log = silentLog): SoftState & { size(): number } {
  const kept = new Map<string, { value: string; endsAt: number }>()
  const channels = new Map<string, Set<(message: string) => void>>()

  const live = (key: string) => {
    const found = kept.get(key)
    if (found !== undefined && found.endsAt > clock.now()) return found
    kept.delete(key)
    return undefined
  }
  let cancel = clock.after(sweepEveryMs, sweep)
  function sweep() {
    const now = clock.now()
    for (const [key, { endsAt }] of kept) if (endsAt <= now) kept.delete(key)
    cancel = clock.after(sweepEveryMs, sweep)
  }

  return {
    get: async (key) => live(key)?.value ?? null,
    set: async (key, value, ttlMs) => void kept.set(key, { value, endsAt: clock.now() + ttlMs }),
    async setNew(key, value, ttlMs) {
      if (live(key) !== undefined) return false
      kept.set(key, { value, endsAt: clock.now() + ttlMs })
      return true
    },
    remove: async (key) => void kept.delete(key),
    async add(key, amount, ttlMs) {
      const found = live(key)
      const sum = Number(found?.value ?? 0) + amount
      kept.set(key, { value: String(sum), endsAt: found?.endsAt ?? clock.now() + ttlMs })
      return sum
    },
    async publish(channel, message) {
      const listeners = [...(channels.get(channel) ?? [])]
      queueMicrotask(() => {
        for (const listener of listeners) {
          try {
            listener(message)
          } catch (error) {
            log.error({ err: error, channel }, 'a listener failed')
          }
        }
      })
    },
    async subscribe(channel, listener) {
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) channels.delete(channel)
      }
    },
    check: async () => undefined,
    size: () => kept.size,
    [Symbol.asyncDispose]: async () => {
      cancel()
      kept.clear()
      channels.clear()
    },
  }
}
