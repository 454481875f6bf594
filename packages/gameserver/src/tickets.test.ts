import { readFileSync } from 'node:fs'
import type { SessionId } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { type Admitted, createTicketGate, type TicketRefusal } from './tickets.ts'

interface Step {
  at_s: number
  ticket: string
  admitted?: Admitted
  refused?: TicketRefusal
}
const fixture = JSON.parse(readFileSync(new URL('../../../conformance/tickets.json', import.meta.url), 'utf8')) as {
  key: string
  server: string
  session: SessionId
  cases: { name: string; steps: Step[] }[]
}

describe('the ticket gate, by conformance/tickets.json', () => {
  it.each(fixture.cases)('$name', ({ steps }) => {
    let nowS = 0
    const { key, server, session } = fixture
    const gate = createTicketGate({ key, server, session, now: () => nowS * 1_000 })
    for (const { at_s, ticket, admitted, refused } of steps) {
      nowS = at_s
      const expected = refused === undefined ? { ok: true, admitted } : { ok: false, reason: refused }
      expect(gate.admit(ticket)).toEqual(expected)
    }
  })

  it('covers every refusal', () => {
    const reasons = new Set(fixture.cases.flatMap(({ steps }) => steps.map(({ refused }) => refused)))
    const all: TicketRefusal[] = ['malformed', 'forged', 'expired', 'other_server', 'other_session', 'spent']
    expect(all.filter((reason) => !reasons.has(reason))).toEqual([])
  })
})

describe('the ticket gate', () => {
  const { key, server, session } = fixture
  const good = fixture.cases.find(({ name }) => name === 'a good ticket')?.steps[0] as Step

  it('allows for a clock that is a little ahead, as far as it was told', () => {
    const endS = good.at_s + 50
    const at = (nowS: number, leewayS?: number) =>
      createTicketGate({ key, server, session, now: () => nowS * 1_000, leewayS }).admit(good.ticket)
    expect(at(endS + 4).ok).toBe(true)
    expect(at(endS + 5)).toEqual({ ok: false, reason: 'expired' })
    expect(at(endS, 0)).toEqual({ ok: false, reason: 'expired' })
    expect(at(endS - 1, 0).ok).toBe(true)
  })

  it('does not let a spent ticket in again in its very last moment', () => {
    let nowS = good.at_s
    const gate = createTicketGate({ key, server, session, now: () => nowS * 1_000 })
    expect(gate.admit(good.ticket).ok).toBe(true)
    for (; nowS < good.at_s + 60; nowS++) expect(gate.admit(good.ticket).ok).toBe(false)
  })

  it('takes no key but one of 64 hex digits, which Buffer.from would cut short in silence', () => {
    for (const bad of ['', 'secret', key.slice(2), `${key.slice(0, 62)}zz`]) {
      expect(() => createTicketGate({ key: bad, server, session })).toThrow(/64 hex digits/)
    }
  })

  it('refuses what is not even a text', () => {
    const gate = createTicketGate({ key, server, session })
    for (const nonsense of [undefined, null, 7, {}]) {
      expect(gate.admit(nonsense as unknown as string)).toEqual({ ok: false, reason: 'malformed' })
    }
  })
})
