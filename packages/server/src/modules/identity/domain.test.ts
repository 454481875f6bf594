import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guestNick, hasGuestTag, networkOf, nickKey, usernameKey } from './domain.ts'

describe('usernameKey', () => {
  it('compares without regard to case', () => expect(usernameKey('Ann.B')).toBe('ann.b'))
  it('is null for what no username can be', () => {
    for (const text of ['', 'ab', 'a b c', 'naïve', 'x'.repeat(33), 'ann\u0000']) expect(usernameKey(text)).toBeNull()
  })
})

describe('guestNick', () => {
  it('ends in a tag of the asked length', () => {
    expect(guestNick('player123', 4, 0.4821)).toBe('player123#4821')
    expect(guestNick('ann', 6, 0)).toBe('ann#000000')
  })
  it('always has what marks a guest, and never a digit too many', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, at) => {
          const nick = guestNick('ann', n, at)
          expect(hasGuestTag(nick)).toBe(true)
          expect(nick).toHaveLength(4 + n)
        },
      ),
    )
  })
})

describe('hasGuestTag', () => {
  it('tells a tag from a number sign', () => {
    expect(hasGuestTag('ann#1')).toBe(true)
    expect(hasGuestTag('#1 fan')).toBe(false)
    expect(hasGuestTag('ann#')).toBe(false)
  })
})

describe('nickKey', () => {
  it('takes what looks alike for the same', () => expect(nickKey('ＡＮＮ#1')).toBe('ann#1'))
})

describe('networkOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s stands for %s', (address, network) => expect(networkOf(address)).toBe(network))
})
