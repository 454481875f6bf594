import { expect, test } from 'vitest'
import { type QueueRules, settleRules } from './rules.ts'

const duel: QueueRules = { teams: 2, teamSize: 1, window: { initial: 50, perSecond: 10, max: 500 } }

test('defaults are filled in: no limit to the window, steps of a second, overdue after half a minute', () => {
  const settled = settleRules({ ...duel, window: { initial: 50, perSecond: 10 } })
  expect(settled).toMatchObject({ minTeams: 2, overdueMs: 30_000, fewerAfterMs: 30_000 })
  expect(settled.window).toEqual({ initial: 50, perSecond: 10, max: Infinity, stepS: 1, adaptive: false })
})

test.each<[string, Partial<QueueRules>]>([
  ['teams', { teams: 0 }],
  ['teams', { teams: 1.5 }],
  ['teamSize', { teamSize: 0 }],
  ['teamSize', { teamSize: 17 }],
  ['256 players', { teams: 257 }],
  ['players', { teams: 1, teamSize: 1 }],
  ['minTeams', { minTeams: 3 }],
  ['smallest match', { teams: 4, minTeams: 1 }],
  ['window.initial', { window: { initial: -1, perSecond: 1 } }],
  ['window.perSecond', { window: { initial: 1, perSecond: Number.NaN } }],
  ['window.max', { window: { initial: 100, perSecond: 1, max: 50 } }],
  ['window.stepS', { window: { initial: 1, perSecond: 1, stepS: 0 } }],
  ['perSecond must be above 0', { window: { initial: 1, perSecond: 0, adaptive: true } }],
])('rules that cannot be played by are refused, naming %s', (named, part) => {
  expect(() => settleRules({ ...duel, ...part })).toThrow(named)
})
