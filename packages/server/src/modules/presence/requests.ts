import { randomUUID } from 'node:crypto'
import { type ClientFrame, Refusal } from '@muster/protocol'
import Type, { type Static, type TSchema } from 'typebox'
import { complaintsRefusal } from '../../platform/http/problem.ts'
import type { PlayerCaller } from '../../platform/http/route.ts'
import { unstorableTexts } from '../../platform/http/text.ts'
import { checkerOf } from '../../platform/http/validation.ts'
import type { Log } from '../../platform/log.ts'
import { answerFrame, errorFrame, type FrameId } from '../../platform/socket/frames.ts'
import type { VisitorConnection } from './visitor.ts'

export interface RequestContext {
  requestId: string
  /** The player's address, as far as named proxies vouch for it. */
  address: string
}

/** Answers one kind of client message. What it resolves with becomes the data of `<event>_ok`; a Refusal becomes `error`. */
export type OnMessage = <S extends TSchema>(
  event: string,
  schema: S,
  handle: (caller: PlayerCaller, data: Static<S>, context: RequestContext) => Promise<unknown>,
  options?: { answerEvent?: string },
) => void

interface Handler {
  complaintsOf(data: unknown): ReturnType<ReturnType<typeof checkerOf>>
  handle(caller: PlayerCaller, data: unknown, context: RequestContext, connection: VisitorConnection): Promise<unknown>
  answerEvent: string
}

export interface Requests {
  register(event: string, schema: TSchema, handle: Handler['handle'], answerEvent?: string): void
  knows(event: string): boolean
  /** The answer, as a frame. Never throws. */
  answer(connection: VisitorConnection, caller: PlayerCaller, frame: ClientFrame): Promise<string>
}

export function createRequests(log: Log): Requests {
  const handlers = new Map<string, Handler>()

  function errorOf(error: unknown, event: string, requestId: string, id: FrameId): string {
    const refusal = error instanceof Refusal ? error : new Refusal('INTERNAL', { cause: error })
    const { retryAfterS } = refusal
    if (refusal.status < 500) return errorFrame(refusal.code, refusal.message, id, retryAfterS)
    const level = refusal.code === 'INTERNAL' ? 'error' : 'warn'
    log[level]({ err: refusal.cause ?? refusal, request_id: requestId, code: refusal.code, event }, 'request failed')
    return errorFrame(refusal.code, `${refusal.message} (${requestId})`, id, retryAfterS)
  }

  return {
    register(event, schema, handle, answerEvent = `${event}_ok`) {
      if (handlers.has(event)) throw new Error(`${event} has a handler already.`)
      const check = checkerOf(schema, 'data')
      const optional = Type.IsOptional(schema)
      const complaintsOf = (data: unknown) => {
        if (data === undefined) return optional ? [] : [{ field: 'data', problem: 'is missing' }]
        const texts = unstorableTexts(data, 'data')
        return [...texts, ...check(data).filter(({ field }) => texts.every((text) => text.field !== field))]
      }
      handlers.set(event, { complaintsOf, handle, answerEvent })
    },
    knows: (event) => handlers.has(event),
    async answer(connection, caller, { event, data, id }) {
      const requestId = `req_${randomUUID()}`
      try {
        const handler = handlers.get(event)
        if (handler === undefined) throw new Refusal('INVALID_REQUEST', { detail: 'There is no such event.' })
        const complaints = handler.complaintsOf(data)
        if (complaints.length > 0) throw complaintsRefusal(complaints)
        const context = { requestId, address: connection.address }
        const answered = await handler.handle(caller, data, context, connection)
        return answerFrame(handler.answerEvent, answered ?? {}, id)
      } catch (error) {
        return errorOf(error, event, requestId, id)
      }
    },
  }
}
