import type { EntryId } from '@muster/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createChecks } from './checks.ts'

describe('checks', () => {
  it('gives each out once, when its time has come and not before', () => {
    const plan = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 })
    fc.assert(
      fc.property(plan, fc.integer({ min: 1, max: 20 }), (times, max) => {
        const checks = createChecks()
        times.forEach((at, index) => {
          checks.add(`entry_${index}`, at)
        })
        const given: EntryId[] = []
        for (let now = 0; now <= 21_000; now += 500) {
          for (let found = checks.due(now, max); found.length > 0; found = checks.due(now, max)) {
            expect(found.length).toBeLessThanOrEqual(max)
            for (const id of found) expect(times[Number(id.slice('entry_'.length))]).toBeLessThanOrEqual(now)
            given.push(...found)
          }
          const late = times.filter((at) => at <= now - 1_000).length
          expect(given.length).toBeGreaterThanOrEqual(late)
        }
        expect(new Set(given).size).toBe(times.length)
        expect(given.length).toBe(times.length)
      }),
    )
  })
})
