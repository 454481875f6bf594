import { Refusal } from '@muster/protocol'
import { createClient } from '@redis/client'
import type { Cancel, Clock } from './clock.ts'
import type { Log } from './log.ts'
import { jittered, type Random } from './random.ts'

export type RedisClient = ReturnType<typeof openClient>

/** One connection to Redis that is either ready or being made anew. What is asked of it meanwhile fails at once, and so
 *  does what the server leaves unanswered: soft state is never worth waiting for. */
export interface RedisLine {
  ask(...words: string[]): Promise<unknown>
  /** Resolves when the first connection stands, or when it is clear that none does for now. */
  readonly begun: Promise<void>
  /** For what is more than a question and an answer; null while there is none. */
  client(): RedisClient | null
  close(): void
}

export interface RedisLineNeeds {
  url: string
  name: string
  clock: Clock
  random: Random
  log: Log
  /** Called on each new connection; where it fails, the connection counts as lost. */
  onReady?: (client: RedisClient) => Promise<unknown>
}

/** The first is for the network alone, so that a client is only ever given up where it can still be told to end. */
const connectTimeoutMs = 2_000
const greetTimeoutMs = 3_000
const answerTimeoutMs = 1_000
const watchEveryMs = 2_000
const pauseFirstMs = 50
const pauseMaxMs = 1_000
const askedMax = 20_000

/** The library's own reconnecting and timeouts are off: they know nothing of a server that takes a command and keeps
 *  silent, which is what a stopped process and a cut cable look like. */
const openClient = (url: string, name: string) =>
  createClient({
    url,
    name,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: askedMax,
    commandOptions: { timeout: 0 },
    socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
  })

export function openRedisLine({ url, name, clock, random, log, onReady }: RedisLineNeeds): RedisLine {
  let ready: RedisClient | null = null
  let trying: RedisClient | null = null
  let closed = false
  let failures = 0
  let cancelNext: Cancel = () => undefined
  let tellBegun: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    tellBegun = resolve
  })

  const away = (cause?: unknown) =>
    new Refusal('UNAVAILABLE', { detail: 'Redis does not answer. Try again shortly.', retryAfterS: 1, cause })

  /** The end of one client, whatever was first to tell of it; the next one is tried after a pause. */
  function lose(client: RedisClient, error: unknown) {
    if (client !== ready && client !== trying) return
    if (client === ready || failures === 0) log.warn({ err: error, line: name }, 'Redis is away')
    ready = null
    trying = null
    client.destroy()
    tellBegun()
    if (closed) return
    const pauseMs = Math.min(pauseMaxMs, pauseFirstMs * 2 ** Math.min(failures, 10))
    failures++
    cancelNext = clock.after(jittered(random, pauseMs), connect)
  }

  async function connect() {
    const client = openClient(url, name)
    trying = client
    client.on('error', (error: unknown) => lose(client, error))
    const cancel = clock.after(greetTimeoutMs, () => lose(client, new Error('no answer to the greeting')))
    try {
      await client.connect()
      if (client !== trying) return
      ready = client
      trying = null
      if (failures > 0) log.info({ line: name }, 'Redis is back')
      failures = 0
      await onReady?.(client)
      tellBegun()
    } catch (error) {
      lose(client, error)
    } finally {
      cancel()
    }
  }

  async function ask(...words: string[]): Promise<unknown> {
    const client = ready
    if (client === null) throw away()
    const cancel = clock.after(answerTimeoutMs, () => lose(client, new Error(`no answer to ${words[0]}`)))
    try {
      return await client.sendCommand(words)
    } catch (error) {
      throw client === ready ? error : away(error)
    } finally {
      cancel()
    }
  }

  /** A line that nobody asks anything of must notice its death too: the one that listens, say. */
  let cancelWatch = clock.after(watchEveryMs, watch)
  function watch() {
    ask('PING').catch(() => undefined)
    cancelWatch = clock.after(watchEveryMs, watch)
  }
  void connect()

  return {
    ask,
    begun,
    client: () => ready,
    close() {
      closed = true
      cancelNext()
      cancelWatch()
      const client = ready ?? trying
      ready = null
      trying = null
      client?.destroy()
    },
  }
}
