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
  /** A report token or an API key. */
  token: string
  /** For how long a call is repeated while Muster does not answer. */
  patienceS?: number
}

const firstPauseMs = 200
const longestPauseMs = 5_000
const oneTryMs = 40_000

/** Whether the same call may be answered otherwise later. */
const mayPass = (status: number) => status === 429 || status >= 500

/**
 * Posts, and repeats while Muster cannot be reached or says to try again: every call it is used for may be repeated
 * safely. Throws MusterError for a refusal that stands, or the last failure when patience is over.
 */
export async function call<Answer>(
  { url, token, patienceS = 60 }: ApiOptions,
  method: 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const until = performance.now() + patienceS * 1_000
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    let failure: unknown
    let waitMs = pauseMs
    try {
      const timeout = AbortSignal.timeout(oneTryMs)
      const response = await fetch(new URL(path, url), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      })
      if (response.status === 204) return undefined as Answer
      const answer = (await response.json()) as Answer & { code?: string; detail?: string }
      if (response.ok) return answer
      failure = new MusterError(response.status, answer.code ?? 'UNKNOWN', answer.detail ?? response.statusText)
      if (!mayPass(response.status)) throw failure
      waitMs = Math.max(waitMs, Number(response.headers.get('retry-after') ?? 0) * 1_000)
    } catch (error) {
      if (error === failure && failure !== undefined) throw error
      if (signal?.aborted) throw error
      failure ??= error
    }
    if (performance.now() + waitMs > until) throw failure
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}
