import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import type { SoftState } from './soft-state.ts'

/** Hints that something changed, by topic (`player`, `session`, `server`) and id, to every node. They may be lost, so who
 *  hears one reads the truth, and who hears none looks from time to time. */
export interface Wakes extends AsyncDisposable {
  wake(topic: string, ids: readonly string[]): void
  hear(topic: string, listener: (ids: readonly string[]) => void): () => void
  /** Waits for the next wake of this id: `timeoutMs` at most, and no longer than any of the signals. */
  wait(topic: string, id: string, timeoutMs: number, ...signals: (AbortSignal | undefined)[]): Wait
}

export interface Wait {
  /** Resolves when the wait is over, whatever ended it. */
  over: Promise<void>
  /** Waits no longer. */
  end(): void
}

const channel = 'wakes'

export async function createWakes(ground: { clock: Clock; soft: SoftState; log: Log; node: string }): Promise<Wakes> {
  const listeners = new Map<string, Set<(ids: readonly string[]) => void>>()
  const waiting = new Map<string, Set<() => void>>()

  const spread = (topic: string, ids: readonly string[]) => {
    for (const listener of [...(listeners.get(topic) ?? [])]) {
      try {
        listener(ids)
      } catch (error) {
        // Who wakes has done its work, and must not fail because somebody could not make use of the news.
        ground.log.error({ err: error, topic }, 'a listener failed')
      }
    }
    for (const id of ids) for (const wakeUp of [...(waiting.get(`${topic} ${id}`) ?? [])]) wakeUp()
  }
  const unsubscribe = await ground.soft.subscribe(channel, (message) => {
    const hint = hintOf(message)
    if (hint !== null && hint.node !== ground.node) spread(hint.topic, hint.ids)
  })

  return {
    wake(topic, ids) {
      if (ids.length === 0) return
      spread(topic, ids)
      ground.soft
        .publish(channel, JSON.stringify({ node: ground.node, topic, ids }))
        .catch((error: unknown) => ground.log.debug({ err: error, topic }, 'a hint was lost'))
    },
    hear(topic, listener) {
      const known = listeners.get(topic) ?? new Set()
      listeners.set(topic, known.add(listener))
      return () => void known.delete(listener)
    },
    wait(topic, id, timeoutMs, ...signals) {
      const key = `${topic} ${id}`
      const known = waiting.get(key) ?? new Set()
      let resolve: () => void = () => undefined
      const over = new Promise<void>((then) => {
        resolve = then
      })
      const end = () => {
        known.delete(end)
        if (known.size === 0) waiting.delete(key)
        cancel()
        for (const signal of signals) signal?.removeEventListener('abort', end)
        resolve()
      }
      const cancel = ground.clock.after(timeoutMs, end)
      waiting.set(key, known.add(end))
      // Each by itself: a signal made of several is dear, and is kept alive for as long as anybody listens to it.
      for (const signal of signals) signal?.addEventListener('abort', end)
      if (signals.some((signal) => signal?.aborted)) end()
      return { over, end }
    },
    [Symbol.asyncDispose]: async () => unsubscribe(),
  }
}

interface Hint {
  node: string
  topic: string
  ids: string[]
}

/** Others may write to the same store: what is no hint is passed over. */
function hintOf(message: string): Hint | null {
  try {
    const hint = JSON.parse(message) as Partial<Hint> | null
    return typeof hint?.topic === 'string' && Array.isArray(hint.ids) ? (hint as Hint) : null
  } catch {
    return null
  }
}
