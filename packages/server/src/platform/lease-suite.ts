import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WaitingGround } from '../../test/support/meanwhile.ts'
import type { SimulatedClock } from '../../test/support/simulated-clock.ts'
import type { Leases } from './lease.ts'

export interface LeaseGround extends WaitingGround, AsyncDisposable {
  clock: SimulatedClock
  leases: Leases
}

/** What every kind of leases keeps to, whatever it is made of. */
export function leaseSuite(name: string, open: () => Promise<LeaseGround>): void {
  describe(`leases: ${name}`, () => {
    let ground: LeaseGround
    beforeEach(async () => {
      ground = await open()
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const acquire = (holder: string, name = 'matcher') => ground.leases.acquire(name, holder, 10_000)
    const guard = (fence: number, name = 'matcher') => ground.db.transact((tx) => ground.leases.guard(tx, name, fence))

    it('have one holder at a time, who keeps its number while it renews', async () => {
      expect(await acquire('one')).toBe(1)
      expect(await acquire('two')).toBeNull()
      await ground.clock.advance(9_000)
      expect(await acquire('one')).toBe(1)
      await ground.clock.advance(9_000)
      expect(await acquire('two')).toBeNull()
      expect(await acquire('two', 'another lease')).toBe(1)
    })

    it('pass to another once their time is over, with a higher number; the old one no longer acts', async () => {
      await acquire('one')
      await ground.clock.advance(10_001)
      expect(await guard(1)).toBe(true)
      expect(await acquire('two')).toBe(2)
      expect(await guard(1)).toBe(false)
      expect(await guard(2)).toBe(true)
      expect(await acquire('one')).toBeNull()
    })

    it('are one holder’s alone, however many try at once', async () => {
      const tries = (crowd: string) => Promise.all(Array.from({ length: 20 }, (_, at) => acquire(`${crowd} ${at}`)))
      expect((await tries('first')).filter((fence) => fence !== null)).toEqual([1])
      await ground.clock.advance(10_001)
      expect((await tries('second')).filter((fence) => fence !== null)).toEqual([2])
    })

    it('can be given back before their time, only by their holder', async () => {
      await acquire('one')
      await ground.leases.release('matcher', 'two')
      expect(await acquire('two')).toBeNull()
      await ground.leases.release('matcher', 'one')
      expect(await acquire('two')).toBe(2)
      await ground.leases.release('matcher', 'two')
      await ground.leases.release('never taken', 'two')
    })

    it('come back to their last holder under the same number, where nobody had them in between', async () => {
      await acquire('one')
      await ground.clock.advance(60_000)
      expect(await acquire('one')).toBe(1)
    })

    it('cannot be taken over while a guarded transaction runs, and refuse the next one of the old holder', async () => {
      await acquire('one')
      await ground.clock.advance(10_001)
      const order: string[] = []
      let taking: Promise<unknown> | undefined
      await ground.db.transact(async (tx) => {
        expect(await ground.leases.guard(tx, 'matcher', 1)).toBe(true)
        taking = acquire('two').then((fence) => order.push(`taken ${fence}`))
        await expect(acquire('somebody', 'else')).resolves.toBe(1)
        await ground.untilWaiting(1)
        order.push('acted')
      })
      await taking
      expect(order).toEqual(['acted', 'taken 2'])
      expect(await guard(1)).toBe(false)
    })

    it('guard any number of transactions at once', async () => {
      await acquire('one')
      await ground.db.transact(async (tx) => {
        expect(await ground.leases.guard(tx, 'matcher', 1)).toBe(true)
        expect(await guard(1)).toBe(true)
      })
    })

    it('are given back only after a guarded transaction, and to nobody where they passed on meanwhile', async () => {
      await acquire('one')
      const order: string[] = []
      let giving: Promise<unknown> | undefined
      await ground.db.transact(async (tx) => {
        expect(await ground.leases.guard(tx, 'matcher', 1)).toBe(true)
        giving = ground.leases.release('matcher', 'one').then(() => order.push('given back'))
        await ground.untilWaiting(1)
        order.push('acted')
      })
      await giving
      expect(order).toEqual(['acted', 'given back'])
      expect(await acquire('two')).toBe(2)
      await ground.leases.release('matcher', 'one')
      expect(await acquire('three')).toBeNull()
    })

    it('guard nothing where there is none', async () => {
      expect(await guard(1, 'never taken')).toBe(false)
    })
  })
}
