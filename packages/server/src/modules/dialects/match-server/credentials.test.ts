import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSecrets } from '../../../platform/secrets.ts'
import { createCredentials, serverAt, signatureOf } from './credentials.ts'

const credentials = createCredentials(createSecrets(Buffer.alloc(32, 1)))
const elsewhere = createCredentials(createSecrets(Buffer.alloc(32, 2)))

describe('what the parties know each other by', () => {
  it('is, of a login, a cookie that only Muster makes', () => {
    const cookie = credentials.cookieOf('login_01abc')
    expect(credentials.loginIn(cookie)).toBe('login_01abc')
    expect(cookie).toMatch(/^01abc\.[A-Za-z0-9_-]{43}$/)
    for (const forged of [
      ...['', 'login_01abc', '01abc', '01abc.', `01abd${cookie.slice(5)}`, `${cookie}x`, cookie.slice(0, -1)],
      ...[elsewhere.cookieOf('login_01abc'), `${cookie} `],
    ]) {
      expect(credentials.loginIn(forged)).toBeNull()
    }
  })

  it('is a ticket for one player, one session, one run of a server', () => {
    const ticket = credentials.ticketOf('a', 'run_1', 'session_1', 'player_1')
    expect(ticket).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(credentials.ticketOf('a', 'run_1', 'session_1', 'player_1')).toBe(ticket)
    const others = [
      credentials.ticketOf('b', 'run_1', 'session_1', 'player_1'),
      credentials.ticketOf('a', 'run_2', 'session_1', 'player_1'),
      credentials.ticketOf('a', 'run_1', 'session_2', 'player_1'),
      credentials.ticketOf('a', 'run_1', 'session_1', 'player_2'),
      elsewhere.ticketOf('a', 'run_1', 'session_1', 'player_1'),
    ]
    expect(new Set([ticket, ...others]).size).toBe(6)
  })

  it('signs with a time, so that an old order cannot be shown again for long', () => {
    const key = credentials.prepareKeyOf('player_1')
    const hex = createHmac('sha256', key).update('1700000000.{}').digest('hex')
    expect(signatureOf(key, '{}', 1_700_000_000_999)).toBe(`t=1700000000,v1=${hex}`)
    expect(credentials.prepareKeyOf('player_2').equals(key)).toBe(false)
  })

  it('names one server for one address', () => {
    expect(serverAt('10.0.0.1:7000')).toMatch(/^offer-[0-9a-f]{24}$/)
    expect(serverAt('10.0.0.1:7000')).not.toBe(serverAt('10.0.0.1:7001'))
  })
})
