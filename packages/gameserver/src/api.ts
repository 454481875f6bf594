import { jittered, pause } from './pause.ts'
import type { MusterTime } from './time.ts'

/** What Muster answered when it refused. */
export class MusterError extends Error {
  readonly code: string
  readonly status: number

  constructor(status: number, code: string, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'MusterError'
    this.status = status
    this.code = code
  }
}

export interface ApiOptions {
  /** Where Muster answers: `http://127.0.0.1:3000`. */
  url: string
  /** A report token, an API key, or the access token of a match server's account; null for who is nobody yet. */
  token: string | null
  /** For how long a call is repeated while Muster does not answer. */
  patienceS?: number
  /** Learns Muster's time from the answers. */
  time?: MusterTime
}

const pauseFirstMs = 200
const pauseMaxMs = 5_000
const oneTryMs = 40_000

type Outcome<Answer> = { ok: true; answer: Answer } | { ok: false; error: unknown; mayPass: boolean; waitMs: number }

/**
 * Posts, and repeats while Muster cannot be reached or says to try again: every call it is used for may be repeated
 * safely. Throws MusterError for a refusal that stands, or the last failure when patience is over or `signal` ends.
 */
export async function call<Answer>(
  api: ApiOptions,
  method: 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const until = performance.now() + (api.patienceS ?? 60) * 1_000
  for (let pauseMs = pauseFirstMs; ; pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
    const outcome = await attempt<Answer>(api, method, path, body, signal)
    if (outcome.ok) return outcome.answer
    const waitMs = Math.max(jittered(pauseMs), outcome.waitMs)
    if (!outcome.mayPass || signal?.aborted || performance.now() + waitMs > until) throw outcome.error
    await pause(waitMs, signal)
  }
}

async function attempt<Answer>(
  { url, token, time }: ApiOptions,
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<Outcome<Answer>> {
  const timeout = AbortSignal.timeout(oneTryMs)
  const sentAt = Date.now()
  try {
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
    // A long poll's answer may be dated at any moment of its wait, so only a quick one tells the time.
    const heardAt = Date.now()
    if (heardAt - sentAt < 2_000) time?.hear(response.headers.get('date'), sentAt, heardAt)
    const text = await response.text()
    if (response.ok) return { ok: true, answer: (text === '' ? undefined : JSON.parse(text)) as Answer }
    return refused(response, text)
  } catch (error) {
    return { ok: false, error, mayPass: true, waitMs: 0 }
  }
}

function refused(response: Response, text: string): Outcome<never> {
  const { status } = response
  const { code = 'UNKNOWN', detail = response.statusText } = problemIn(text)
  const retryAfterS = Number(response.headers.get('retry-after') ?? 0)
  return {
    ok: false,
    error: new MusterError(status, code, detail),
    mayPass: status === 429 || status >= 500,
    waitMs: Number.isFinite(retryAfterS) ? retryAfterS * 1_000 : 0,
  }
}

/** A proxy on the way may answer in words of its own. */
function problemIn(text: string): { code?: string; detail?: string } {
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    return {}
  }
}
