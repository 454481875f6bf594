import type { IncomingMessage } from 'node:http'
import { request as requestOverTls } from 'node:https'
import type { Clock } from './clock.ts'

/** Calls to somebody else's HTTP server, held to limits: which hosts, how long, how much, how many at once. Redirects
 *  are not followed: they are for who is asked to choose other hosts. */
export interface Outbound {
  /** Throws an OutboundError where there is no whole answer. */
  call(url: URL, request?: OutboundRequest): Promise<OutboundAnswer>
}

export interface OutboundRequest {
  method?: string
  headers?: Readonly<Record<string, string>>
  body?: string
  /** Who is believed to be at the other end, and who we are: with it, certificates of neither's own making are no bar. */
  tls?: OutboundTls
}

/** PEM, all of it. What is left out is as usual. */
export interface OutboundTls {
  ca?: string
  cert?: string
  key?: string
}

export interface OutboundAnswer {
  status: number
  headers: Headers
  text: string
}

export interface OutboundOptions {
  /** As addresses have them, with the port where it is not the usual one. */
  hosts: readonly string[]
  timeoutMs: number
  bytesMax: number
  atOnceMax: number
}

export type OutboundTrouble = 'not allowed' | 'busy' | 'timeout' | 'too large' | 'unreachable'

export class OutboundError extends Error {
  readonly trouble: OutboundTrouble

  constructor(trouble: OutboundTrouble, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'OutboundError'
    this.trouble = trouble
  }
}

/** `127.0.0.1`, `[::1]`, `localhost`: what does not leave this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)

/** Without TLS nobody knows who answers, so it is taken only where nothing leaves the machine. */
export const isSafeAddress = (url: URL): boolean =>
  (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) &&
  url.username === '' &&
  url.password === ''

export function createOutbound({ clock }: { clock: Clock }, options: OutboundOptions): Outbound {
  const { timeoutMs, bytesMax, atOnceMax } = options
  const hosts = new Set(options.hosts)
  let underWay = 0

  async function ask(url: URL, asked: OutboundRequest): Promise<OutboundAnswer> {
    const { method = 'GET', headers = {}, body, tls } = asked
    const given = new AbortController()
    const cancel = clock.after(timeoutMs, () =>
      given.abort(new OutboundError('timeout', `${url.host} did not answer within ${timeoutMs} ms.`)),
    )
    try {
      if (tls !== undefined && url.protocol === 'https:') return await askOverTls(url, asked, tls, given.signal)
      const response = await fetch(url, {
        ...{ method, redirect: 'manual', signal: given.signal },
        headers: { accept: 'application/json', 'user-agent': 'muster', ...headers },
        ...(body === undefined ? {} : { body }),
      })
      return { status: response.status, headers: response.headers, text: await textOf(response) }
    } catch (error) {
      if (error instanceof OutboundError) throw error
      if (given.signal.reason instanceof OutboundError) throw given.signal.reason
      throw new OutboundError('unreachable', `${url.host} cannot be asked.`, error)
    } finally {
      cancel()
    }
  }

  /** What `fetch` has no words for: certificates of the caller's own choice. */
  const askOverTls = (
    url: URL,
    { method = 'GET', headers = {}, body }: OutboundRequest,
    tls: OutboundTls,
    signal: AbortSignal,
  ) =>
    new Promise<OutboundAnswer>((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const request = requestOverTls(url, {
        ...{ ...tls, method, signal, agent: false, minVersion: 'TLSv1.2' },
        headers: { accept: 'application/json', 'user-agent': 'muster', ...length, ...headers },
      })
      request.on('error', reject)
      request.on('response', (response: IncomingMessage) => {
        bytesOf(response).then((text) => {
          const heard = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)])
          resolve({ status: response.statusCode ?? 0, headers: new Headers(heard), text })
        }, reject)
      })
      request.end(body)
    })

  /** Counted as it comes, so that no length that somebody claims is believed, and nothing is unpacked beyond it. */
  const textOf = async (response: Response): Promise<string> =>
    response.body === null ? '' : bytesOf(response.body as AsyncIterable<Uint8Array>)

  async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<string> {
    const parts: Uint8Array[] = []
    let bytes = 0
    for await (const part of body) {
      bytes += part.length
      if (bytes > bytesMax) throw new OutboundError('too large', `The answer is longer than ${bytesMax} bytes.`)
      parts.push(part)
    }
    return Buffer.concat(parts).toString('utf8')
  }

  return {
    async call(url, request = {}) {
      if (!isSafeAddress(url) || !hosts.has(url.host)) {
        throw new OutboundError('not allowed', `${url.protocol}//${url.host} is not among the hosts that may be asked.`)
      }
      if (underWay >= atOnceMax) throw new OutboundError('busy', `${atOnceMax} calls are under way already.`)
      underWay++
      try {
        return await ask(url, request)
      } finally {
        underWay--
      }
    },
  }
}
