import { expect, it } from 'vitest'
import { killAndLook } from './rounds.ts'

it('has everything that was acknowledged after kill -9, its PostgreSQL included, and starts every time', {
  timeout: 300_000,
}, async () => {
  const report = await killAndLook({ rounds: 12, seed: 7, say: () => undefined })
  expect(report.missing).toEqual([])
  expect([report.rounds, report.kills]).toEqual([12, { muster: 6, both: 6 }])
  const kinds = ['joins', 'leavings', 'logouts', 'players', 'results', 'stored objects']
  expect(Object.keys(report.acknowledged).sort()).toEqual(kinds)
  expect(Object.values(report.acknowledged).reduce((sum, count) => sum + count)).toBeGreaterThan(200)
})
