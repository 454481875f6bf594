import { lookup as systemLookup } from 'node:dns/promises'
import { request } from 'node:http'
import { connect, isIP } from 'node:net'
import { type AllowList, type Target, targetText } from './addresses.ts'

export interface Answer {
  status: number
  text: string
}

export interface OutgoingLimits {
  /** For everything together: the name, the connection, the answer. */
  timeoutMs: number
  bytesMax: number
}

/** Connections to where others say, within what an operator allows. A name is looked up once and the connection made to
 *  that very address, so that it cannot mean another by then. No redirect is followed. */
export interface Outgoing {
  /** The addresses of the target; none where it is not allowed, or its name is not known. */
  addressesOf(target: Target, timeoutMs: number): Promise<readonly string[]>
  /** Throws where no whole answer came in time: then it may have arrived or not. */
  postJson(
    target: Target,
    body: string,
    headers: Readonly<Record<string, string>>,
    limits: OutgoingLimits,
  ): Promise<Answer>
  /** Whether somebody listens there. */
  answers(target: Target, timeoutMs: number): Promise<boolean>
}

export class NotAllowed extends Error {
  constructor(target: Target) {
    super(`${targetText(target)} is not among the addresses that an operator allows.`)
    this.name = 'NotAllowed'
  }
}

type Lookup = (host: string) => Promise<readonly string[]>

const lookupAll: Lookup = async (host) => (await systemLookup(host, { all: true })).map(({ address }) => address)

export function createOutgoing(allowed: AllowList, lookup: Lookup = lookupAll): Outgoing {
  async function addressesOf(target: Target, signal: AbortSignal): Promise<readonly [string, ...string[]]> {
    const found = isIP(target.host) === 0 ? await endingBy(signal, lookup(target.host)) : [target.host]
    // One that must not be connected to makes the others suspect.
    const [first, ...more] = found
    if (first === undefined || !found.every((address) => allowed.allows(target, address))) throw new NotAllowed(target)
    return [first, ...more]
  }

  return {
    addressesOf: (target, timeoutMs) => addressesOf(target, AbortSignal.timeout(timeoutMs)).catch(() => []),

    async postJson(target, body, headers, { timeoutMs, bytesMax }) {
      const signal = AbortSignal.timeout(timeoutMs)
      const [host] = await addressesOf(target, signal)
      return new Promise((resolve, reject) => {
        const posting = request({
          ...{ host, port: target.port, method: 'POST', path: '/', agent: false, signal },
          headers: {
            ...headers,
            host: targetText(target),
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            connection: 'close',
          },
        })
        posting.on('error', reject)
        posting.on('upgrade', (_, socket) => {
          socket.destroy()
          reject(new Error(`${targetText(target)} answered with another protocol.`))
        })
        posting.on('response', (response) => {
          const parts: Buffer[] = []
          let bytes = 0
          response.on('error', reject)
          response.on('data', (part: Buffer) => {
            bytes += part.length
            if (bytes > bytesMax) response.destroy(new Error(`${targetText(target)} answered too much.`))
            else parts.push(part)
          })
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
        })
        posting.end(body)
      })
    },

    async answers(target, timeoutMs) {
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        const [host] = await addressesOf(target, signal)
        return await new Promise((resolve) => {
          const socket = connect({ host, port: target.port, signal })
          const end = (reached: boolean) => {
            socket.destroy()
            resolve(reached)
          }
          socket.once('connect', () => end(true))
          socket.on('error', () => end(false))
        })
      } catch {
        return false
      }
    },
  }
}

/** A look-up cannot be broken off; nobody waits for it any more, though. */
const endingBy = <T>(signal: AbortSignal, wanted: Promise<T>): Promise<T> =>
  Promise.race([
    wanted,
    new Promise<never>((_, reject) => {
      const give = () => reject(signal.reason as Error)
      signal.addEventListener('abort', give, { once: true })
      if (signal.aborted) give()
    }),
  ])
