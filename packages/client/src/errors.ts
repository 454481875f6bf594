/** What Muster answered when it refused: a code to act on, and words for a person. */
export class MusterError extends Error {
  readonly code: string
  readonly status: number
  /** Seconds to wait before it makes sense to try again, where Muster said so. */
  readonly retryAfterS: number | null
  readonly requestId: string | null

  constructor(
    status: number,
    problem: { code?: string; detail?: string; request_id?: string },
    retryAfterS: number | null,
  ) {
    super(problem.detail ?? `Muster answered ${status}.`)
    this.name = 'MusterError'
    this.status = status
    this.code = problem.code ?? 'UNKNOWN'
    this.retryAfterS = retryAfterS
    this.requestId = problem.request_id ?? null
  }
}
