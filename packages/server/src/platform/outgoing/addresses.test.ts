import { describe, expect, it } from 'vitest'
import { allowListComplaints, allowListOf, targetIn, targetText } from './addresses.ts'

describe('an address that somebody offers', () => {
  it.each(['10.0.0.5:7000', 'match-1.example.com:443', '[fd00::5]:7000', 'localhost:1', '[::1]:65535'])(
    'is read: %s',
    (text) => {
      const target = targetIn(text)
      expect(target && targetText(target)).toBe(text)
    },
  )

  it.each([
    ...['', 'host', ':7000', 'host:0', 'host:65536', 'host:07000', 'host:7000/path', 'http://host:7000', 'a@host:7000'],
    ...['2130706433:80', '0x7f000001:80', '0x7f.1:80', '127.1:80', '0177.0.0.1:80', '127.0.0.1.:80', '1.2.3.4.5:80'],
    ...['[::1%eth0]:80', '::1:80', '[127.0.0.1]:80', '[::1:80', 'ho st:80', 'höst:80', '-a:80', 'a..b:80', 'host:80\n'],
  ])('is not taken in another spelling: %j', (text) => {
    expect(targetIn(text)).toBeNull()
  })
})

describe('the addresses that an operator allows', () => {
  const at = (host: string, port = 7_000) => ({ host, port })
  const allows = (list: string[], host: string, address = host, port = 7_000) =>
    allowListOf(list).allows(at(host, port), address)

  it('are hosts and networks with their ports', () => {
    const list = ['10.0.0.0/8:7000-7999', 'match.example.com:443', '[fd00::/8]:7000', '192.168.1.7:9000']
    expect(allowListComplaints(list)).toEqual([])
    expect(allows(list, '10.1.2.3')).toBe(true)
    expect(allows(list, '10.1.2.3', '10.1.2.3', 8_000)).toBe(false)
    expect(allows(list, '11.1.2.3')).toBe(false)
    expect(allows(list, 'match.example.com', '203.0.113.5', 443)).toBe(true)
    expect(allows(list, 'match.example.com', '203.0.113.5', 444)).toBe(false)
    expect(allows(list, 'other.example.com', '203.0.113.5', 443)).toBe(false)
    expect(allows(list, 'other.internal', '10.9.9.9')).toBe(true)
    expect(allows(list, 'fd00::7')).toBe(true)
    expect(allows(list, 'fe80::7')).toBe(false)
    expect(allowListOf([]).isEmpty).toBe(true)
  })

  it.each([
    ...['169.254.169.254', '0.0.0.0', '100.100.100.200', '224.0.0.1', '255.255.255.255', '168.63.129.16'],
    ...['fe80::1', '::', '::ffff:10.0.0.1', '::ffff:a00:1', '::10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::', 'ff02::1'],
    ...['fd00:ec2::254', '::ffff:169.254.169.254', '::ffff:7f00:1'],
  ])('are never %s, whatever is listed', (address) => {
    const list = ['0.0.0.0/0:1-65535', '[::/0]:1-65535', 'metadata.example.com:1-65535', '127.0.0.0/8:1-65535']
    expect(allows(list, address)).toBe(false)
    expect(allows(list, 'metadata.example.com', address)).toBe(false)
  })

  it('are this machine only where it is named', () => {
    for (const address of ['127.0.0.1', '127.8.9.1', '::1']) {
      expect(allows(['0.0.0.0/0:1-65535', '[::/0]:1-65535'], address)).toBe(false)
      expect(allows(['rebound.example.com:1-65535'], 'rebound.example.com', address)).toBe(false)
    }
    expect(allows(['127.0.0.0/8:7000-7999'], '127.0.0.1')).toBe(true)
    expect(allows(['[::1]:7000'], '::1')).toBe(true)
    expect(allows(['localhost:7000'], 'localhost', '127.0.0.1')).toBe(true)
    for (const name of ['localhost', 'rebound.example.com']) {
      expect(allows(['127.0.0.1:7000', '127.0.0.0/8:7000'], name, '127.0.0.1')).toBe(false)
    }
  })

  it.each([
    'host',
    'host:',
    'host:0',
    'host:9-8',
    '10.0.0.0/33:80',
    '10.0.0.0/8',
    '*:80',
    '*.example.com:80',
    '[10.0.0.1]:80',
  ])('are complained of where they say nothing: %s', (entry) => {
    expect(allowListComplaints([entry])).toHaveLength(1)
  })
})
