import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../../platform/metrics.ts'
import { createHasher } from './hasher.ts'

const hasherOf = (options: { hashesAtOnceMax?: number; hashesWaitingMax?: number; argon2Passes?: number } = {}) =>
  createHasher(
    { metrics: createMetrics({ process: false }) },
    { hashesAtOnceMax: 2, hashesWaitingMax: 100, argon2MemoryKiB: 19_456, argon2Passes: 2, ...options },
  )

describe('hasher', () => {
  it('[security 10] hashes with argon2id, 19 MiB, two passes', async () => {
    const stored = await hasherOf().inTurn((hashing) => hashing.hash('correct horse'))
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })
  it('[security 13] knows the right password from a wrong one, and from none', async () => {
    await hasherOf().inTurn(async (hashing) => {
      const stored = await hashing.hash('correct horse')
      expect(await hashing.matches(stored, 'correct horse')).toBe(true)
      expect(await hashing.matches(stored, 'correct horsf')).toBe(false)
      expect(await hashing.matches(null, 'correct horse')).toBe(false)
    })
  })
  it('[security 11] compares every character of a long password', async () => {
    await hasherOf().inTurn(async (hashing) => {
      const stored = await hashing.hash(`${'x'.repeat(255)}a`)
      expect(await hashing.matches(stored, `${'x'.repeat(255)}b`)).toBe(false)
      expect(await hashing.matches(await hashing.hash('before\u0000after'), 'before\u0000other')).toBe(false)
    })
  })
  it('tells a hash of other settings', async () => {
    const old = await hasherOf().inTurn((hashing) => hashing.hash('correct horse'))
    await hasherOf().inTurn(async (hashing) => expect(hashing.isOutdated(old)).toBe(false))
    await hasherOf({ argon2Passes: 3 }).inTurn(async (hashing) => expect(hashing.isOutdated(old)).toBe(true))
  })
  it('[security 14] lets few in at once, in the order they came, and turns away who would wait too long', async () => {
    const hasher = hasherOf({ hashesAtOnceMax: 2, hashesWaitingMax: 3 })
    const begun: number[] = []
    const release: (() => void)[] = []
    const jobs = [0, 1, 2, 3, 4].map((job) =>
      hasher.inTurn(async () => {
        begun.push(job)
        await new Promise<void>((resolve) => release.push(resolve))
      }),
    )
    await expect(hasher.inTurn(async () => undefined)).rejects.toMatchObject({ code: 'BUSY', retryAfterS: 2 })
    expect(begun).toEqual([0, 1])
    for (let ended = 0; ended < jobs.length; ended++) {
      expect(begun.length - ended).toBeLessThanOrEqual(2)
      release[ended]?.()
      await jobs[ended]
      await Promise.resolve()
    }
    await Promise.all(jobs)
    expect(begun).toEqual([0, 1, 2, 3, 4])
    expect(await hasher.inTurn(async () => 'free again')).toBe('free again')
  })
  it('gives the place back when the work fails', async () => {
    const hasher = hasherOf({ hashesAtOnceMax: 1 })
    for (let time = 0; time < 3; time++) {
      await expect(hasher.inTurn(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    }
  })
})
