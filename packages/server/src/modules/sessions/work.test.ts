import { describe, expect, it } from 'vitest'
import { inbox, workThrough } from './work.ts'

const gate = () => {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

describe('working through', () => {
  it('begins in order, so many at a time, and does each once', async () => {
    const begun: number[] = []
    let atOnce = 0
    let most = 0
    await workThrough([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      begun.push(item)
      most = Math.max(most, ++atOnce)
      await Promise.resolve()
      atOnce--
    })
    expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(most).toBe(3)
  })

  it('does nothing with nothing', async () => {
    await workThrough([], 3, () => Promise.reject(new Error('not to be run')))
  })
})

describe('an inbox', () => {
  const limits = { waitingMax: 100, batchMax: 10, lanes: 1 }

  it('hands on what comes in one turn together, each once', async () => {
    const batches: number[][] = []
    const box = inbox<number>(limits, async (ids) => void batches.push(ids))
    box.add([1, 2])
    box.add([2, 3])
    await box.settled()
    expect(batches).toEqual([[1, 2, 3]])
  })

  it('hands on again what comes while it is being handled', async () => {
    const batches: number[][] = []
    const first = gate()
    const box = inbox<number>(limits, async (ids) => {
      batches.push(ids)
      if (batches.length === 1) await first.opened
    })
    box.add([1])
    await Promise.resolve()
    box.add([1])
    first.open()
    await box.settled()
    expect(batches).toEqual([[1], [1]])
  })

  it('does not let one batch that waits hold up the next', async () => {
    const done: number[] = []
    const first = gate()
    const box = inbox<number>({ ...limits, lanes: 2 }, async (ids) => {
      if (ids.includes(1)) await first.opened
      done.push(...ids)
    })
    box.add([1])
    await Promise.resolve()
    await Promise.resolve()
    box.add([2])
    await Promise.resolve()
    await Promise.resolve()
    expect(done).toEqual([2])
    first.open()
    await box.settled()
    expect(done).toEqual([2, 1])
  })

  it('keeps to its limits', async () => {
    const batches: number[][] = []
    const box = inbox<number>({ waitingMax: 5, batchMax: 2, lanes: 1 }, async (ids) => void batches.push(ids))
    box.add([1, 2, 3, 4, 5, 6, 7])
    await box.settled()
    expect(batches).toEqual([[1, 2], [3, 4], [5]])
  })

  it('takes nothing more once it is stopped, and waits for what is under way', async () => {
    const done: number[] = []
    const first = gate()
    const box = inbox<number>(limits, async (ids) => {
      await first.opened
      done.push(...ids)
    })
    box.add([1])
    await Promise.resolve()
    await Promise.resolve()
    const stopped = box.stop()
    box.add([2])
    first.open()
    await stopped
    expect(done).toEqual([1])
  })
})
