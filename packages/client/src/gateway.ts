import type { ClientMessages, ServerFrame, ServerMessages } from '@muster/protocol'
import { MusterError } from './errors.ts'
import { type Line, type LineEnd, openLine, type SocketClass } from './gateway-line.ts'
import { createGatewayRequests } from './gateway-requests.ts'
import { jittered, pause } from './pause.ts'
import type { TokenStore } from './tokens.ts'

export type { SocketClass, SocketLike } from './gateway-line.ts'

type Listener<E extends keyof ServerMessages> = (data: ServerMessages[E]) => void

export interface Gateway {
  /** Hears pushes: each once and in order, whatever the line does. `welcome` with `missed` says that some are gone, so
   *  that state is to be read anew. Gives what ends the listening. */
  on<E extends keyof ServerMessages>(event: E, listener: Listener<E>): () => void
  /** Sends, and resolves with the answer. Throws MusterError where it is refused. */
  request<E extends keyof ClientMessages>(event: E, data: ClientMessages[E]): Promise<unknown>
  close(): void
}

export interface GatewayOptions {
  url: string
  tokens: TokenStore
  WebSocket: SocketClass
  /** Told once, when no line will come any more. */
  onClosed?: (code: number, reason: string) => void
}

const pauseFirstMs = 250
const pauseMaxMs = 10_000
/** Codes that say: your token is not good, or no longer. With a fresh one it may go on. */
const tokenCodes = new Set([1008, 4401])
/** Another connection took this one's place; coming back would only take it back. */
const replaced = 4409

/** Holds one socket to the gateway, comes back after dropped lines and picks up where it was: no push is lost or doubled. */
export function connectGateway(options: GatewayOptions): Gateway {
  const { tokens } = options
  const address = `${options.url.replace(/^http/, 'ws').replace(/\/$/, '')}/ws`
  const listeners = new Map<string, Set<(data: never) => void>>()
  const ended = new AbortController()
  let line: Line | null = null
  let welcomed = false
  let lastSeq: number | null = null

  const requests = createGatewayRequests((text) => {
    if (!welcomed) return false
    line?.send(text)
    return true
  })

  function hear(frame: ServerFrame) {
    if (frame.seq !== undefined) {
      if (lastSeq !== null && frame.seq <= lastSeq) return
      lastSeq = frame.seq
    }
    if (frame.event === 'welcome') greet(frame.data as ServerMessages['welcome'])
    if (frame.event === 'reauthenticate') void reauthenticate()
    if (requests.answered(frame)) return
    for (const listener of [...(listeners.get(frame.event) ?? [])]) tell(listener, frame.data)
  }

  function greet({ seq, heartbeat_s }: ServerMessages['welcome']) {
    // Numbers below those heard before belong to another life of the server; what it says from now on is new.
    lastSeq = lastSeq === null ? seq : Math.min(lastSeq, seq)
    welcomed = true
    line?.watch(heartbeat_s)
    requests.flush()
  }

  /** The token ends soon: a fresh one keeps the line. */
  async function reauthenticate() {
    const used = accessToken()
    await tokens.renew(used).catch(() => undefined)
    if (accessToken() !== used) await requests.ask('authenticate', { token: accessToken() }).catch(() => undefined)
  }

  const accessToken = () => tokens.current()?.access_token ?? ''

  async function holdOneLine(): Promise<LineEnd & { used: string; cameIn: boolean }> {
    await tokens.renewIfDue().catch(() => undefined)
    const used = accessToken()
    if (ended.signal.aborted) return { code: 1000, reason: '', used, cameIn: false }
    line = openLine({
      url: address,
      WebSocket: options.WebSocket,
      onOpen() {
        const data = lastSeq === null ? { token: used } : { token: used, resume_after: lastSeq }
        line?.send(JSON.stringify({ event: 'authenticate', data }))
      },
      onText(text) {
        const frame = frameIn(text)
        if (frame !== null) hear(frame)
      },
    })
    const how = await line.ended
    const cameIn = welcomed
    welcomed = false
    requests.dropped()
    return { ...how, used, cameIn }
  }

  /** False where the login has ended, so that no token will do any more. */
  async function renewed(used: string): Promise<boolean> {
    try {
      await tokens.renew(used)
      return tokens.current() !== null
    } catch (error) {
      return !(error instanceof MusterError && error.status === 401)
    }
  }

  async function hold(): Promise<LineEnd> {
    let pauseMs = pauseFirstMs
    let refusals = 0
    for (;;) {
      const { used, cameIn, ...how } = await holdOneLine()
      if (cameIn) {
        pauseMs = pauseFirstMs
        refusals = 0
      }
      if (ended.signal.aborted || how.code === replaced) return how
      if (tokenCodes.has(how.code) && (refusals++ > 0 || !(await renewed(used)))) return how
      await pause(jittered(pauseMs), ended.signal)
      if (ended.signal.aborted) return how
      pauseMs = Math.min(pauseMs * 2, pauseMaxMs)
    }
  }

  function finish({ code, reason }: LineEnd) {
    ended.abort()
    requests.fail(`The gateway is closed${reason === '' ? '' : `: ${reason}`}.`)
    options.onClosed?.(code, reason)
  }
  hold().then(finish, (error: unknown) => finish({ code: 1006, reason: String(error) }))

  return {
    on(event, listener) {
      const known = listeners.get(event) ?? new Set()
      listeners.set(event, known.add(listener as (data: never) => void))
      return () => void known.delete(listener as (data: never) => void)
    },
    request: (event, data) =>
      ended.signal.aborted ? Promise.reject(new Error('The gateway is closed.')) : requests.ask(event, data),
    close() {
      ended.abort()
      line?.close()
      requests.fail('The gateway was closed.')
    },
  }
}

/** A listener's own failure must not cost the others their push. */
function tell(listener: (data: never) => void, data: unknown) {
  try {
    listener(data as never)
  } catch (error) {
    console.error('A listener of the gateway failed:', error)
  }
}

function frameIn(text: string): ServerFrame | null {
  try {
    const frame = JSON.parse(text) as ServerFrame | null
    return typeof frame?.event === 'string' ? frame : null
  } catch {
    return null
  }
}
