import type { News, Outcome } from './history.ts'

/** These say that nothing was done. */
const refusedCodes = new Set(['UNAVAILABLE', 'BUSY', 'NO_CAPACITY'])

const callOf = (method: string, path: string) => `${method} ${path.replace(/\/(match|session|player)_[^/]+/g, '/:id')}`

/** `fetch`, with every call and what it came to written down. A call without an answer may have taken effect. */
export function recordedFetch(note: (news: News) => void): typeof fetch {
  return async (input, init) => {
    const { pathname } = new URL(String(input))
    const call = callOf(init?.method ?? 'GET', pathname)
    const begun = performance.now()
    const record = (outcome: Outcome, status: number, code: string) =>
      note({ what: 'call', call, outcome, status, code, ms: Math.round(performance.now() - begun) })
    try {
      const answer = await fetch(input, init)
      const text = await answer.text()
      if (answer.ok) record('ok', answer.status, '')
      else {
        const code = codeIn(text)
        const certain = code !== '' && (answer.status < 500 || refusedCodes.has(code))
        record(certain ? 'refused' : 'unknown', answer.status, code)
      }
      return new Response(answer.status === 204 ? null : text, { status: answer.status, headers: answer.headers })
    } catch (error) {
      // A poll that the player itself broke off came to nothing that it would want to know.
      if ((error as Error).name !== 'AbortError') record('unknown', 0, (error as Error).name)
      throw error
    }
  }
}

function codeIn(text: string): string {
  try {
    return String((JSON.parse(text) as { code?: unknown }).code ?? '')
  } catch {
    return ''
  }
}
