import Type, { type Static } from 'typebox'
import { Closed, PlayerIdSchema, SessionIdSchema } from './ids.ts'

export const TicketRole = Type.Union([Type.Literal('host'), Type.Literal('player'), Type.Literal('spectator')])

/** One player's admission to one session. */
export const TicketClaims = Closed({
  iss: Type.Literal('muster'),
  aud: Type.String({ description: 'The server that it admits to' }),
  sid: SessionIdSchema,
  sub: PlayerIdSchema,
  nick: Type.String(),
  team: Type.Optional(Type.Integer()),
  role: TicketRole,
  guest: Type.Boolean(),
  iat: Type.Integer(),
  exp: Type.Integer(),
  jti: Type.String(),
})
export type TicketClaims = Static<typeof TicketClaims>
