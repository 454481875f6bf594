import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { createLog, silentLog } from './log.ts'
import { repeating } from './repeat.ts'

/** No jitter, so that the times are known. */
const random = { fraction: () => 0.5 }
const everyMs = 1_000

describe('a repeated job', () => {
  const begin = (run: () => Promise<unknown>, log = silentLog) => {
    const clock = simulatedClock(0)
    return { clock, job: repeating({ clock, random, log }, 'job', everyMs, run) }
  }

  it('runs again a while after the last run ended, never twice at once', async () => {
    const began: number[] = []
    let release: () => void = () => undefined
    const { clock, job } = begin(() => {
      began.push(clock.now())
      return new Promise<void>((resolve) => {
        release = resolve
      })
    })
    await clock.advance(3_500)
    expect(began).toEqual([1_000])
    release()
    await clock.advance(1_000)
    expect(began).toEqual([1_000, 4_500])
    release()
    await job.stop()
  })

  it('spreads its runs, so that many nodes do not run in step', async () => {
    const clock = simulatedClock(0)
    const began: number[] = []
    let fraction = 0
    const job = repeating({ clock, random: { fraction: () => fraction }, log: silentLog }, 'job', everyMs, async () => {
      began.push(clock.now())
      fraction = 0.999
    })
    await clock.advance(2_100)
    expect(began).toEqual([750, 2_000])
    await job.stop()
  })

  it('logs a failure under its name, and runs again', async () => {
    const lines: string[] = []
    const log = createLog({ level: 'info', pretty: false }, { write: (line) => void lines.push(line) })
    let runs = 0
    const { clock, job } = begin(async () => {
      if (++runs === 1) throw new Error('planted')
    }, log)
    await clock.advance(2_500)
    expect(runs).toBe(2)
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ job: 'job', err: { message: 'planted' } })
    await job.stop()
  })

  it('survives a run that throws before it promises', async () => {
    let runs = 0
    const { clock, job } = begin(() => {
      runs++
      throw new Error('planted')
    })
    await clock.advance(2_500)
    expect(runs).toBe(2)
    await job.stop()
  })

  it('runs at once when nudged, once for many nudges, and keeps its rhythm from there', async () => {
    const began: number[] = []
    const { clock, job } = begin(async () => void began.push(clock.now()))
    await clock.advance(300)
    job.nudge()
    job.nudge()
    await clock.advance(999)
    expect(began).toEqual([300])
    await clock.advance(1)
    expect(began).toEqual([300, 1_300])
    await job.stop()
  })

  it('runs once more when nudged while it runs', async () => {
    const began: number[] = []
    let release: () => void = () => undefined
    const { clock, job } = begin(() => {
      began.push(clock.now())
      return new Promise<void>((resolve) => {
        release = resolve
      })
    })
    job.nudge()
    await clock.advance(0)
    job.nudge()
    job.nudge()
    await clock.advance(10)
    expect(began).toEqual([0])
    release()
    await clock.advance(0)
    expect(began).toEqual([0, 10])
    release()
    await job.stop()
  })

  it('stops: waits for the run under way, begins none after it', async () => {
    let release: () => void = () => undefined
    let ended = false
    let runs = 0
    const { clock, job } = begin(async () => {
      runs++
      await new Promise<void>((resolve) => {
        release = resolve
      })
      ended = true
    })
    await clock.advance(1_000)
    const stopped = job.stop().then(() => ended)
    release()
    expect(await stopped).toBe(true)
    job.nudge()
    await clock.advance(10_000)
    expect(runs).toBe(1)
  })
})
