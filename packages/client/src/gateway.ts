import type { ClientMessages, ServerFrame, ServerMessages } from '@muster/protocol'
import { MusterError } from './errors.ts'
import { pause } from './http.ts'
import type { TokenStore } from './tokens.ts'

/** The part of the web's WebSocket that is used here; `ws` has it too. */
export interface SocketLike {
  readyState: number
  send(data: string): void
  close(code?: number, reason?: string): void
  onopen: ((event: never) => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  onerror: ((event: never) => void) | null
}
export type SocketClass = new (url: string) => SocketLike

type Listener<E extends keyof ServerMessages> = (data: ServerMessages[E]) => void

export interface Gateway {
  on<E extends keyof ServerMessages>(event: E, listener: Listener<E>): () => void
  /** Sends, and resolves with the answer. */
  request<E extends keyof ClientMessages>(event: E, data: ClientMessages[E]): Promise<unknown>
  close(): void
}

const pauseFirstMs = 250
const pauseMaxMs = 10_000
const answerWaitMs = 15_000
/** Codes after which coming back is no use: a bad token, another place took over. */
const finalCodes = new Set([1008, 4401, 4409])

/** Holds one socket to the gateway, comes back after dropped lines and picks up where it was: no push is lost or doubled. */
export function connectGateway(options: {
  url: string
  tokens: TokenStore
  WebSocket: SocketClass
  onClosed?: (code: number, reason: string) => void
}): Gateway {
  const listeners = new Map<string, Set<(data: never) => void>>()
  const waiting = new Map<number, { resolve: (data: unknown) => void; reject: (error: unknown) => void }>()
  const ended = new AbortController()
  let socket: SocketLike | null = null
  let ready = false
  let unsent: string[] = []
  let lastId = 0
  let lastSeq: number | null = null

  function hear(frame: ServerFrame) {
    if (frame.seq !== undefined) {
      if (lastSeq !== null && frame.seq <= lastSeq) return
      lastSeq = frame.seq
    }
    if (frame.event === 'welcome') {
      lastSeq ??= (frame.data as ServerMessages['welcome']).seq
      ready = true
      for (const text of unsent.splice(0)) socket?.send(text)
    }
    const asked = typeof frame.id === 'number' ? waiting.get(frame.id) : undefined
    if (asked !== undefined) {
      waiting.delete(frame.id as number)
      if (frame.event !== 'error') return asked.resolve(frame.data)
      const { code, message } = frame.data as ServerMessages['error']
      return asked.reject(new MusterError(400, { code, detail: message }, null))
    }
    for (const listener of listeners.get(frame.event) ?? []) listener(frame.data as never)
  }

  async function hold() {
    for (let pauseMs = pauseFirstMs; !ended.signal.aborted; pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
      await options.tokens.renewIfDue().catch(() => undefined)
      const { code, reason, welcomed } = await line()
      if (welcomed) pauseMs = pauseFirstMs
      if (ended.signal.aborted || finalCodes.has(code)) return options.onClosed?.(code, reason)
      await pause(pauseMs * (0.75 + Math.random() / 2), ended.signal)
    }
  }

  const line = () =>
    new Promise<{ code: number; reason: string; welcomed: boolean }>((resolve) => {
      const opened = new options.WebSocket(`${options.url.replace(/^http/, 'ws').replace(/\/$/, '')}/ws`)
      socket = opened
      opened.onopen = () => {
        const token = options.tokens.current()?.access_token ?? ''
        const data = lastSeq === null ? { token } : { token, resume_after: lastSeq }
        opened.send(JSON.stringify({ event: 'authenticate', data }))
      }
      opened.onmessage = ({ data }) => hear(JSON.parse(String(data)) as ServerFrame)
      opened.onerror = () => undefined
      opened.onclose = ({ code, reason }) => {
        const welcomed = ready
        ready = false
        resolve({ code, reason: String(reason), welcomed })
      }
    })
  void hold()

  return {
    on(event, listener) {
      const known = listeners.get(event) ?? new Set()
      listeners.set(event, known.add(listener as (data: never) => void))
      return () => void known.delete(listener as (data: never) => void)
    },
    request: (event, data) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        const timer = setTimeout(() => {
          waiting.delete(id)
          reject(new Error(`No answer to ${event} came in time; it may have taken effect.`))
        }, answerWaitMs)
        const settle =
          <T>(act: (value: T) => void) =>
          (value: T) => {
            clearTimeout(timer)
            act(value)
          }
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
        const text = JSON.stringify({ event, data, id })
        if (ready) socket?.send(text)
        else unsent.push(text)
      }),
    close() {
      ended.abort()
      unsent = []
      socket?.close(1000)
    },
  }
}
