import type { Static, TSchema } from 'typebox'
import type { RefusalCode } from './refusals.ts'

/** Who may make a call. API keys come by their scope: `server`, `service`, `operator` (an operator's own login counts as
 *  the last). `report` is a session's report token, which must be that of the session in the path. */
export type Who = 'anyone' | 'player' | 'server' | 'service' | 'operator' | 'report'

/** One call of the HTTP protocol. Types, validation and the OpenAPI document all derive from it. */
export interface Contract {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With parameters as `:name`. */
  path: string
  summary: string
  tag: string
  who: readonly Who[]
  params?: TSchema
  query?: TSchema
  headers?: TSchema
  body?: TSchema
  /** By status; `null` where the answer has no body. */
  answers: Readonly<Record<number, TSchema | null>>
  /** Beyond those that every call may get (INVALID_REQUEST, UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED …). */
  refusals: readonly RefusalCode[]
  /** Honours `Idempotency-Key`. */
  creates?: boolean
  /** Callers may also be known by the cookie that signing in set. */
  cookie?: boolean
  /** The `type` of its refusals, for callers who tell messages apart by it; `about:blank` unless told. */
  problemType?: string
}

export const contract = <const C extends Contract>(it: C): C => it

type Parsed<C, Part extends string> = C extends { readonly [P in Part]: infer S extends TSchema }
  ? Static<S>
  : undefined

export type ParamsOf<C extends Contract> = Parsed<C, 'params'>
export type QueryOf<C extends Contract> = Parsed<C, 'query'>
export type HeadersOf<C extends Contract> = Parsed<C, 'headers'>
export type BodyOf<C extends Contract> = Parsed<C, 'body'>
type BodyAt<Answers, Status extends keyof Answers> = Answers[Status] extends TSchema
  ? { body: Static<Answers[Status]> }
  : { body?: undefined }
/** What the call answers, whatever the status. */
export type AnswerOf<C extends Contract> = {
  [Status in keyof C['answers']]: { status: Status; headers?: Readonly<Record<string, string>> } & BodyAt<
    C['answers'],
    Status
  >
}[keyof C['answers']]
/** The body of the good answer. */
export type GoodBodyOf<C extends Contract> = AnswerOf<C>['body']
