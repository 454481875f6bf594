import { expect, it } from 'vitest'
import { session, ticketFor } from '../test/tickets.ts'
import { ticketSession } from './ticket-session.ts'

it('tells which session a ticket says it is for, and takes no nonsense', () => {
  expect(ticketSession(ticketFor('ann'))).toBe(session)
  for (const nonsense of ['', 'a.b.c', 'e30.bnVsbA.x', 'e30.e30.x', 'e30.eyJzaWQiOjd9.x']) {
    expect(ticketSession(nonsense)).toBeNull()
  }
})
