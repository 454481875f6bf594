import { createHmac, randomBytes } from 'node:crypto'
import type { TicketClaims } from '@muster/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signTicket, verifyTicket } from './tickets.ts'

const key = Buffer.alloc(32, 1)
const now = Date.UTC(2026, 0, 1)
const claims: TicketClaims = {
  iss: 'muster',
  aud: 'server_1',
  sid: 'session_1',
  sub: 'player_1',
  nick: 'Änn 🎲',
  team: 0,
  role: 'player',
  guest: false,
  iat: now / 1_000,
  exp: now / 1_000 + 60,
  jti: 'abc',
}
const check = { server: 'server_1', session: 'session_1', now } as const
const ticket = signTicket(key, claims)

/** Signed with the right key over whatever is given. */
const signed = (header: object, payload: unknown) => {
  const text = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

describe('a ticket', () => {
  it('brings its claims to the server that it is for', () => {
    expect(verifyTicket(key, ticket, check)).toEqual({ ok: true, claims })
  })

  it.each([
    ['another key', () => verifyTicket(randomBytes(32), ticket, check), 'forged'],
    ['a moment too late', () => verifyTicket(key, ticket, { ...check, now: now + 60_000 }), 'expired'],
    ['another server', () => verifyTicket(key, ticket, { ...check, server: 'server_2' }), 'other_server'],
    ['another session', () => verifyTicket(key, ticket, { ...check, session: 'session_2' }), 'other_session'],
    ['no algorithm', () => verifyTicket(key, signed({ alg: 'none', typ: 'JWT' }, claims), check), 'malformed'],
    ['another algorithm', () => verifyTicket(key, signed({ alg: 'HS512', typ: 'JWT' }, claims), check), 'malformed'],
    ['a key of its own', () => verifyTicket(key, signed({ alg: 'HS256', jwk: {} }, claims), check), 'malformed'],
    [
      'another issuer',
      () => verifyTicket(key, signed({ alg: 'HS256', typ: 'JWT' }, { ...claims, iss: 'x' }), check),
      'malformed',
    ],
    ['no claims', () => verifyTicket(key, signed({ alg: 'HS256', typ: 'JWT' }, null), check), 'malformed'],
    ['nothing', () => verifyTicket(key, '', check), 'malformed'],
    ['a fourth part', () => verifyTicket(key, `${ticket}.`, check), 'malformed'],
    ['no signature', () => verifyTicket(key, ticket.slice(0, ticket.lastIndexOf('.') + 1), check), 'malformed'],
    ['great length', () => verifyTicket(key, `${ticket}${'a'.repeat(4_000)}`, check), 'malformed'],
  ])('is refused with %s', (_, verify, reason) => {
    expect(verify()).toEqual({ ok: false, reason })
  })

  it('is refused whichever of its letters is changed', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.='
    fc.assert(
      fc.property(fc.nat(ticket.length - 1), fc.constantFrom(...letters), (at, letter) => {
        fc.pre(ticket[at] !== letter)
        const changed = `${ticket.slice(0, at)}${letter}${ticket.slice(at + 1)}`
        expect(verifyTicket(key, changed, check).ok).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  it('survives whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(verifyTicket(key, text, check).ok).toBe(false)
      }),
    )
  })
})
