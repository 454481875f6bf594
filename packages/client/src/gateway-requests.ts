import type { ServerFrame, ServerMessages } from '@muster/protocol'
import { MusterError } from './errors.ts'

interface Asked {
  text: string
  sent: boolean
  timer: ReturnType<typeof setTimeout>
  resolve(data: unknown): void
  reject(error: unknown): void
}

/** Requests that wait for their answers. One that was not sent yet survives a dropped line; of one that was, nobody knows
 *  whether it took effect. */
export interface GatewayRequests {
  ask(event: string, data: unknown): Promise<unknown>
  /** True where the frame was an answer. */
  answered(frame: ServerFrame): boolean
  /** Sends what was not sent yet, in order. */
  flush(): void
  /** The line dropped. */
  dropped(): void
  /** No line will come any more. */
  fail(reason: string): void
}

const answerWaitMs = 15_000

/** `send` is false where there is no line to send on. */
export function createGatewayRequests(send: (text: string) => boolean): GatewayRequests {
  const asked = new Map<number, Asked>()
  let lastId = 0

  function settle(id: number): Asked | undefined {
    const one = asked.get(id)
    if (one !== undefined) clearTimeout(one.timer)
    asked.delete(id)
    return one
  }
  const failAll = (which: (one: Asked) => boolean, reason: string) => {
    for (const [id, one] of [...asked]) if (which(one)) settle(id)?.reject(new Error(reason))
  }

  return {
    ask: (event, data) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        const text = JSON.stringify({ event, data, id })
        const timer = setTimeout(() => {
          settle(id)?.reject(new Error(`No answer to ${event} came in time; it may have taken effect.`))
        }, answerWaitMs)
        asked.set(id, { text, sent: send(text), timer, resolve, reject })
      }),
    answered({ id, event, data }) {
      const one = typeof id === 'number' ? settle(id) : undefined
      if (one === undefined) return false
      if (event !== 'error') {
        one.resolve(data)
        return true
      }
      const { code, message, retry_after_s = null } = data as ServerMessages['error']
      one.reject(new MusterError(0, { code, detail: message }, retry_after_s))
      return true
    },
    flush() {
      for (const one of asked.values()) if (!one.sent) one.sent = send(one.text)
    },
    dropped: () => failAll(({ sent }) => sent, 'The line dropped before the answer came; it may have taken effect.'),
    fail: (reason) => failAll(() => true, reason),
  }
}
