import { MusterError } from './errors.ts'
import type { TokenStore } from './tokens.ts'

export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | number | undefined>
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  /** Sent with the access token, renewed when it has ended. */
  signedIn?: boolean
  /** How long to wait for the answer. */
  timeoutMs?: number
  /** Makes the call safe to repeat: while no answer comes it is repeated with one Idempotency-Key. */
  repeatable?: boolean
}

export interface Answer<Body> {
  status: number
  body: Body
  headers: Headers
}

export type Http = <Body>(request: Request) => Promise<Answer<Body>>

export interface HttpGround {
  url: string
  fetch: typeof fetch
  tokens: TokenStore
}

const triesMax = 4
const firstPauseMs = 250

/** Whether the caller may simply be asked again: nothing was answered, or a 5xx that says so. */
const isPassing = (error: unknown) =>
  error instanceof MusterError ? error.status === 503 : !(error instanceof Error && error.name === 'AbortError')

export function createHttp(ground: HttpGround): Http {
  async function once<Body>(request: Request, headers: Record<string, string>): Promise<Answer<Body>> {
    const url = new URL(request.path, ground.url)
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const timeout = AbortSignal.timeout(request.timeoutMs ?? 15_000)
    const response = await ground.fetch(url, {
      method: request.method,
      headers: { ...headers, ...(request.body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]),
    })
    const text = await response.text()
    const body = text === '' ? undefined : JSON.parse(text)
    if (!response.ok) {
      const retryAfter = response.headers.get('retry-after')
      throw new MusterError(response.status, body ?? {}, retryAfter === null ? null : Number(retryAfter))
    }
    return { status: response.status, body: body as Body, headers: response.headers }
  }

  async function signed<Body>(request: Request, headers: Record<string, string>): Promise<Answer<Body>> {
    if (!request.signedIn) return once(request, headers)
    const authorization = () => ({ ...headers, authorization: `Bearer ${ground.tokens.current()?.access_token ?? ''}` })
    await ground.tokens.renewIfDue()
    try {
      return await once<Body>(request, authorization())
    } catch (error) {
      if (!(error instanceof MusterError) || error.code !== 'UNAUTHENTICATED') throw error
      await ground.tokens.renew()
      return once<Body>(request, authorization())
    }
  }

  return async (request) => {
    const safe = request.method === 'GET' || request.method === 'DELETE' || request.repeatable === true
    const headers: Record<string, string> = { ...request.headers }
    if (request.repeatable) headers['idempotency-key'] = crypto.randomUUID()
    for (let tries = 1; ; tries++) {
      try {
        return await signed(request, headers)
      } catch (error) {
        if (!safe || tries >= triesMax || !isPassing(error) || request.signal?.aborted) throw error
        await pause(firstPauseMs * 2 ** tries, request.signal)
      }
    }
  }
}

export const pause = (spanMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, spanMs)
    signal?.addEventListener('abort', done)
    if (signal?.aborted) done()
  })
