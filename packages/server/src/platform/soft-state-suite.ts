import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SoftState } from './soft-state.ts'

export interface SoftStateGround extends AsyncDisposable {
  soft: SoftState
  /** Lets this much time pass for the keys. */
  pass(spanMs: number): Promise<void>
}

/** What every soft state keeps to, whatever it is made of. */
export function softStateSuite(name: string, open: () => Promise<SoftStateGround>): void {
  describe(`soft state: ${name}`, () => {
    let ground: SoftStateGround
    let soft: SoftState
    beforeEach(async () => {
      ground = await open()
      soft = ground.soft
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    it('keeps what it was given, until it is removed', async () => {
      expect(await soft.get('a')).toBeNull()
      await soft.set('a', 'one', 10_000)
      await soft.set('b', '', 10_000)
      expect(await soft.get('a')).toBe('one')
      expect(await soft.get('b')).toBe('')
      await soft.set('a', 'zwei ✓', 10_000)
      expect(await soft.get('a')).toBe('zwei ✓')
      await soft.remove('a')
      await soft.remove('never there')
      expect(await soft.get('a')).toBeNull()
    })

    it('forgets a key when its time is up', async () => {
      await soft.set('short', 'x', 60)
      await soft.set('long', 'x', 60_000)
      await ground.pass(80)
      expect(await soft.get('short')).toBeNull()
      expect(await soft.get('long')).toBe('x')
    })

    it('gives a key that is set again its new time', async () => {
      await soft.set('a', 'x', 60)
      await soft.set('a', 'y', 60_000)
      await ground.pass(80)
      expect(await soft.get('a')).toBe('y')
    })

    it('makes a new key once, however many try at once, and again when it has ended', async () => {
      const made = await Promise.all(Array.from({ length: 50 }, (_, at) => soft.setNew('a', String(at), 60)))
      expect(made.filter(Boolean)).toHaveLength(1)
      expect(await soft.get('a')).toBe(String(made.indexOf(true)))
      await ground.pass(80)
      expect(await soft.setNew('a', 'later', 60_000)).toBe(true)
    })

    it('adds up without losing any, each adder with a sum of its own', async () => {
      const sums = await Promise.all(Array.from({ length: 100 }, () => soft.add('count', 2, 60_000)))
      expect([...sums].sort((left, right) => left - right)).toEqual(Array.from({ length: 100 }, (_, at) => 2 * at + 2))
      expect(await soft.get('count')).toBe('200')
      expect(await soft.add('count', -50, 60_000)).toBe(150)
    })

    it('ends a count from its first adding on, not from its last', async () => {
      await soft.add('count', 1, 400)
      await ground.pass(200)
      expect(await soft.add('count', 1, 60_000)).toBe(2)
      await ground.pass(250)
      expect(await soft.add('count', 1, 60_000)).toBe(1)
    })

    it('tells every listener of a channel, the publisher included, and nobody else', async () => {
      const heard: string[] = []
      await soft.subscribe('news', (message) => heard.push(`1 ${message}`))
      await soft.subscribe('news', (message) => heard.push(`2 ${message}`))
      await soft.subscribe('other', (message) => heard.push(`3 ${message}`))
      await soft.publish('news', 'hello')
      await vi.waitFor(() => expect(heard.sort()).toEqual(['1 hello', '2 hello']))
    })

    it('stops telling who no longer listens', async () => {
      const heard: string[] = []
      const leave = await soft.subscribe('news', (message) => heard.push(`gone ${message}`))
      await soft.subscribe('news', (message) => heard.push(message))
      leave()
      leave()
      await soft.publish('news', 'hello')
      await vi.waitFor(() => expect(heard).toEqual(['hello']))
    })

    it('lets one hear again who left before', async () => {
      const heard: string[] = []
      const leave = await soft.subscribe('news', () => undefined)
      leave()
      await soft.subscribe('news', (message) => heard.push(message))
      await soft.publish('news', 'hello')
      await vi.waitFor(() => expect(heard).toEqual(['hello']))
    })

    it('survives a listener that throws, and tells the others', async () => {
      const heard: string[] = []
      await soft.subscribe('news', () => {
        throw new Error('planted')
      })
      await soft.subscribe('news', (message) => heard.push(message))
      await soft.publish('news', 'hello')
      await vi.waitFor(() => expect(heard).toEqual(['hello']))
    })

    it('answers a check while it is there', async () => {
      await expect(soft.check()).resolves.toBeUndefined()
    })
  })
}
