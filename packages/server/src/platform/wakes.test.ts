import { describe, expect, it, vi } from 'vitest'
import { simulatedClock } from '../../test/support/simulated-clock.ts'
import { silentLog } from './log.ts'
import type { SoftState } from './soft-state.ts'
import { memorySoftState } from './soft-state-memory.ts'
import { createWakes } from './wakes.ts'

const log = silentLog

async function twoNodes() {
  const clock = simulatedClock()
  const soft = memorySoftState(clock)
  const one = await createWakes({ clock, soft, log, node: 'one' })
  const two = await createWakes({ clock, soft, log, node: 'two' })
  return { clock, soft, one, two }
}

describe('wakes', () => {
  it('reach every node once, the own one at once', async () => {
    const { clock, one, two } = await twoNodes()
    const heard: string[] = []
    one.hear('player', (ids) => heard.push(`one ${ids}`))
    two.hear('player', (ids) => heard.push(`two ${ids}`))
    two.hear('session', (ids) => heard.push(`session ${ids}`))
    one.wake('player', ['a', 'b'])
    expect(heard).toEqual(['one a,b'])
    await clock.advance(0)
    expect(heard).toEqual(['one a,b', 'two a,b'])
    one.wake('player', [])
    await clock.advance(0)
    expect(heard).toHaveLength(2)
  })

  it('end the waits for their id, and no others', async () => {
    const { clock, one, two } = await twoNodes()
    const woken: string[] = []
    for (const id of ['a', 'a', 'b']) void two.wait('player', id, 10_000).over.then(() => woken.push(id))
    void two.wait('session', 'a', 10_000).over.then(() => woken.push('session a'))
    one.wake('player', ['a'])
    await clock.advance(0)
    expect(woken).toEqual(['a', 'a'])
    await clock.advance(9_999)
    expect(woken).toHaveLength(2)
    await clock.advance(1)
    expect(woken.sort()).toEqual(['a', 'a', 'b', 'session a'])
  })

  it('let a wait go when its caller has gone, before or meanwhile', async () => {
    const { clock, one } = await twoNodes()
    const gone = new AbortController()
    const waiting = one.wait('player', 'a', 10_000, gone.signal).over
    gone.abort()
    await waiting
    await one.wait('player', 'a', 10_000, gone.signal).over
    one.wake('player', ['a'])
    await clock.advance(20_000)
  })

  it('let a wait go at the word of its caller, or with any of its signals', async () => {
    const { one } = await twoNodes()
    const told = one.wait('player', 'a', 10_000)
    told.end()
    await told.over
    const [first, second] = [new AbortController(), new AbortController()]
    const watched = one.wait('player', 'a', 10_000, undefined, first.signal, second.signal)
    second.abort()
    await watched.over
    first.abort()
    told.end()
  })

  it('are told no more to who stopped listening', async () => {
    const { one } = await twoNodes()
    const listener = vi.fn()
    one.hear('player', listener)()
    one.wake('player', ['a'])
    expect(listener).not.toHaveBeenCalled()
  })

  it('are heard by the others though one listener throws, and never fail who wakes', async () => {
    const { clock, one, two } = await twoNodes()
    const heard = vi.fn()
    for (const node of [one, two]) {
      node.hear('player', () => {
        throw new Error('planted')
      })
      node.hear('player', heard)
    }
    one.wake('player', ['a'])
    await clock.advance(0)
    expect(heard).toHaveBeenCalledTimes(2)
  })

  it('survive what is no hint at all', async () => {
    const { clock, soft, one } = await twoNodes()
    const heard = vi.fn()
    one.hear('player', heard)
    for (const nonsense of ['', '{', 'null', '7', '{"node":"x"}', '{"node":"x","topic":"player","ids":7}']) {
      await soft.publish('wakes', nonsense)
    }
    await clock.advance(0)
    expect(heard).not.toHaveBeenCalled()
    await soft.publish('wakes', JSON.stringify({ node: 'x', topic: 'player', ids: ['a'] }))
    await clock.advance(0)
    expect(heard).toHaveBeenCalledTimes(1)
  })

  it('are still heard here while the shared state is away', async () => {
    const clock = simulatedClock()
    const soft: SoftState = { ...memorySoftState(clock), publish: () => Promise.reject(new Error('planted')) }
    const wakes = await createWakes({ clock, soft, log, node: 'one' })
    const waiting = wakes.wait('player', 'a', 10_000).over
    wakes.wake('player', ['a'])
    await waiting
  })

  it('end with their node', async () => {
    const { clock, one, two } = await twoNodes()
    const heard = vi.fn()
    two.hear('player', heard)
    await two[Symbol.asyncDispose]()
    one.wake('player', ['a'])
    await clock.advance(0)
    expect(heard).not.toHaveBeenCalled()
  })
})
