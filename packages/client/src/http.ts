import { MusterError } from './errors.ts'
import { jittered, pause } from './pause.ts'
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
  /** While no answer comes it is repeated, with one Idempotency-Key. Reading and deleting always is. */
  repeatable?: boolean
}

export interface Answer<Body> {
  status: number
  body: Body
}

export type Http = <Body>(request: Request) => Promise<Answer<Body>>

export interface HttpGround {
  url: string
  fetch: typeof fetch
  tokens: TokenStore
}

const triesMax = 4
const pauseFirstMs = 250
const answerWaitMs = 15_000
/** Whoever is told to wait longer than this is told at once. */
const retryAfterMaxS = 10

export function createHttp({ url, fetch, tokens }: HttpGround): Http {
  async function once<Body>(request: Request, headers: Record<string, string>): Promise<Answer<Body>> {
    const address = new URL(request.path, url)
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) address.searchParams.set(name, String(value))
    }
    const timeout = AbortSignal.timeout(request.timeoutMs ?? answerWaitMs)
    const response = await fetch(address, {
      method: request.method,
      headers: { ...headers, ...(request.body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]),
    })
    const text = await response.text()
    if (!response.ok) throw refusalIn(response, text)
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as Body }
  }

  async function signed<Body>(request: Request, headers: Record<string, string>): Promise<Answer<Body>> {
    if (!request.signedIn) return once(request, headers)
    await tokens.renewIfDue()
    const used = accessToken()
    try {
      return await once<Body>(request, { ...headers, authorization: `Bearer ${used}` })
    } catch (error) {
      if (!(error instanceof MusterError) || error.code !== 'UNAUTHENTICATED') throw error
      await tokens.renew(used)
      return once<Body>(request, { ...headers, authorization: `Bearer ${accessToken()}` })
    }
  }

  function accessToken(): string {
    const held = tokens.current()
    if (held === null) throw new MusterError(401, { code: 'UNAUTHENTICATED', detail: 'Nobody is signed in.' }, null)
    return held.access_token
  }

  return async (request) => {
    const isSafe = request.method === 'GET' || request.method === 'DELETE' || request.repeatable === true
    const headers: Record<string, string> = { ...request.headers }
    if (request.repeatable) headers['idempotency-key'] = freshKey()
    for (let tries = 1; ; tries++) {
      try {
        return await signed(request, headers)
      } catch (error) {
        if (!isSafe || tries >= triesMax || !isPassing(error) || request.signal?.aborted) throw error
        const toldMs = error instanceof MusterError ? (error.retryAfterS ?? 0) * 1_000 : 0
        await pause(Math.max(jittered(pauseFirstMs * 2 ** tries), toldMs), request.signal)
      }
    }
  }
}

/** Whether the same call may be answered otherwise in a moment. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof MusterError)) return !(error instanceof Error && error.name === 'AbortError')
  if ((error.retryAfterS ?? 0) > retryAfterMaxS) return false
  // That no server is free is an answer, for whoever asked to decide what to do.
  if (error.code === 'NO_CAPACITY') return false
  return [502, 503, 504].includes(error.status) || error.code === 'IDEMPOTENCY_IN_PROGRESS'
}

function refusalIn(response: Response, text: string): MusterError {
  const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new MusterError(response.status, problemIn(text), Number.isFinite(retryAfterS) ? retryAfterS : null)
}

/** A proxy on the way may answer in words of its own. */
function problemIn(text: string): { code?: string; detail?: string; request_id?: string } {
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    return {}
  }
}

/** `crypto.randomUUID` is missing on pages without TLS, where games are developed. */
const freshKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
