import { type MatchServerAnswer, type MatchServerRequest, Refusal } from '@muster/protocol'
import type { Caller, PlayerCaller } from '../../../platform/http/route.ts'
import type { MintId } from '../../../platform/ids.ts'

type RequestType = MatchServerRequest['type']
export type RequestOf<Type extends RequestType> = Extract<MatchServerRequest, { type: Type }>
export type AnswerOf<Type extends MatchServerAnswer['type']> = Extract<MatchServerAnswer, { type: Type }>

/** Whoever sent a message, and how it came. */
export interface Asked {
  caller: Caller
  address: string
  encrypted: boolean
  mintId: MintId
}

export interface Answered {
  body: MatchServerAnswer
  headers?: Readonly<Record<string, string>>
}

/** What answers each message. */
export type Handlers = {
  [Type in RequestType]: (message: RequestOf<Type>, asked: Asked) => Promise<Answered>
}

/** Throws UNAUTHENTICATED for who has not signed in, FORBIDDEN for an API key that is nobody's login. */
export function playerIn({ caller }: Pick<Asked, 'caller'>): PlayerCaller {
  if (caller.kind === 'player') return caller
  if (caller.kind === 'anyone') throw new Refusal('UNAUTHENTICATED', { detail: 'Send Login or Register first.' })
  throw new Refusal('FORBIDDEN', { detail: 'This message takes the login of an account.' })
}
