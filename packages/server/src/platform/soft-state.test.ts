import { expect, it } from 'vitest'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { silentLog } from './log.ts'
import { memorySoftState } from './soft-state-memory.ts'
import { softStateSuite } from './soft-state-suite.ts'

softStateSuite('in this process', async () => {
  const clock = simulatedClock()
  const soft = memorySoftState(clock, silentLog)
  return {
    soft,
    pass: (spanMs) => clock.advance(spanMs),
    [Symbol.asyncDispose]: () => soft[Symbol.asyncDispose](),
  }
})

it('drops ended keys by itself, so that what nobody reads again takes no room', async () => {
  const clock = simulatedClock()
  await using soft = memorySoftState(clock, silentLog)
  for (let at = 0; at < 1_000; at++) await soft.add(`limit:${at}`, 1, 1_000)
  expect(soft.size()).toBe(1_000)
  await clock.advance(60_000)
  expect(soft.size()).toBe(0)
})
