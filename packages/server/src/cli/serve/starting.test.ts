import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../test/support/simulated-clock.ts'
import { startedInTime, startGraceMs } from './starting.ts'

const never = new Promise<never>(() => undefined)
const told = Promise.resolve()

function slowStart() {
  let ready = (_: string) => {}
  const starting = new Promise<string>((resolve) => {
    ready = resolve
  })
  return { starting, ready: (what: string) => ready(what) }
}

describe('a start', () => {
  it('is waited for, as long as nobody asks for a stop', async () => {
    const clock = simulatedClock()
    const { starting, ready } = slowStart()
    const started = startedInTime(starting, never, clock)
    await clock.advance(10 * startGraceMs)
    ready('server')
    expect(await started).toBe('server')
  })

  it('that is told to stop may end, so that it can stop in good order', async () => {
    const clock = simulatedClock()
    const { starting, ready } = slowStart()
    const started = startedInTime(starting, told, clock)
    await clock.advance(startGraceMs - 1)
    ready('server')
    expect(await started).toBe('server')
  })

  it('that is told to stop and does not end is given up', async () => {
    const clock = simulatedClock()
    const started = startedInTime(never, told, clock)
    await clock.advance(0)
    await clock.advance(startGraceMs)
    expect(await started).toBeNull()
  })

  it('tells why it failed', async () => {
    await expect(startedInTime(Promise.reject(new Error('no room')), told, simulatedClock())).rejects.toThrow('no room')
  })
})
