import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { addressReader } from './address.ts'

const from = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage

describe('a caller’s address', () => {
  it('[security 28] is the socket’s, whatever is forwarded, where no proxy is named', () => {
    expect(addressReader([])(from('198.51.100.7', '203.0.113.9'))).toBe('198.51.100.7')
    expect(addressReader([])(from('::ffff:198.51.100.7'))).toBe('198.51.100.7')
    expect(addressReader(['10.0.0.1'])(from('10.0.0.2', '203.0.113.9'))).toBe('10.0.0.2')
  })

  it('[security 28] is what the nearest stranger to our proxies is, not what that one claims', () => {
    const read = addressReader(['10.0.0.0/8', '2001:db8::/32'])
    expect(read(from('10.0.0.1', '203.0.113.9'))).toBe('203.0.113.9')
    expect(read(from('::ffff:10.0.0.1', '6.6.6.6, 203.0.113.9, 10.9.9.9'))).toBe('203.0.113.9')
    expect(read(from('2001:db8::5', '2001:470::1'))).toBe('2001:470::1')
  })

  it('stays the proxy’s where nothing sensible is forwarded', () => {
    const read = addressReader(['loopback'])
    expect(read(from('127.0.0.1'))).toBe('127.0.0.1')
    expect(read(from('::1', 'unknown'))).toBe('::1')
    expect(read(from('127.0.0.1', '203.0.113.9, <script>'))).toBe('127.0.0.1')
  })

  it('refuses a list that names no network', () => {
    expect(() => addressReader(['my-proxy'])).toThrow(/my-proxy/)
  })
})
