import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../test/support/simulated-clock.ts'
import { silentLog } from '../../platform/log.ts'
import { sameSignalMs, untilTold } from './stopping.ts'

function signalled() {
  const exits: number[] = []
  const exit = (code: number) => void exits.push(code)
  const from = Object.assign(new EventEmitter(), { exit, channel: undefined })
  const clock = simulatedClock()
  const told = untilTold(silentLog, clock, from as unknown as NodeJS.Process)
  return { from, clock, told, exits }
}

describe('what tells Muster to stop', () => {
  it('is one signal, also where two processes of one group send it', async () => {
    const { from, clock, told, exits } = signalled()
    from.emit('SIGINT')
    await told.stop
    from.emit('SIGINT')
    await clock.advance(sameSignalMs - 1)
    from.emit('SIGTERM')
    expect(exits).toEqual([])
  })

  it('is urgent where it comes again later', async () => {
    const { from, clock, told, exits } = signalled()
    from.emit('SIGTERM')
    await told.stop
    await clock.advance(sameSignalMs)
    from.emit('SIGINT')
    expect(exits).toEqual([130])
  })
})
