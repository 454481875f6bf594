import { IdOf } from '@muster/protocol'
import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { idMint, repeatableMint } from './ids.ts'

describe('ids', () => {
  it('carry their noun and fit the protocol’s schema', () => {
    const mint = idMint(simulatedClock())
    const id = mint('player')
    expect(id).toMatch(/^player_[0-9a-hjkmnp-tv-z]{26}$/)
    expect(Value.Check(IdOf('player'), id)).toBe(true)
    expect(Value.Check(IdOf('session'), id)).toBe(false)
  })

  it('sort by time, across the centuries', async () => {
    const times = [0, 1, 31, 32, 1_000, Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1) + 1, Date.UTC(2526, 0, 1)]
    const minted = times.map((at) => idMint({ now: () => at, after: () => () => undefined })('match'))
    expect([...minted].sort()).toEqual(minted)
  })

  it('do not meet, though many are made in one millisecond', () => {
    const mint = idMint(simulatedClock())
    expect(new Set(Array.from({ length: 100_000 }, () => mint('entry'))).size).toBe(100_000)
  })

  it('use every bit of chance they are given', () => {
    const clock = simulatedClock(0)
    const of = (...bytes: number[]) => idMint(clock, () => Uint8Array.from(bytes))('x').slice(-16)
    expect(of(...Array(10).fill(0))).toBe('0'.repeat(16))
    expect(of(...Array(10).fill(255))).toBe('z'.repeat(16))
    const seen = new Set<string>()
    for (let bit = 0; bit < 80; bit++) {
      const bytes = Array(10).fill(0) as number[]
      bytes[bit >> 3] = 1 << (bit & 7)
      seen.add(of(...bytes))
    }
    expect(seen.size).toBe(80)
  })

  it('are the same again for the same seed, in the same order, and differ by noun and seed', () => {
    const made = (seed: string) => {
      const mint = repeatableMint(seed, Date.UTC(2026, 0, 1))
      return [mint('player'), mint('player'), mint('session')]
    }
    expect(made('a')).toEqual(made('a'))
    expect(new Set([...made('a'), ...made('b')]).size).toBe(6)
    expect(made('a')[0]?.slice(7, 17)).toBe(idMint(simulatedClock())('x').slice(2, 12))
  })
})
