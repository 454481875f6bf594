import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  gamePortOf,
  kickIsDone,
  mayTouch,
  modesOffered,
  nextPort,
  type Orders,
  orderNames,
  shownState,
} from './domain.ts'
import { createTold } from './told.ts'

describe('a server', () => {
  it('is allocated while it is ready and runs sessions', () => {
    expect(shownState('ready', 0)).toBe('ready')
    expect(shownState('ready', 1)).toBe('allocated')
    expect(shownState('draining', 1)).toBe('draining')
  })

  it('sends players to its port `game`, or to its only one', () => {
    expect(gamePortOf({ game: 1, query: 2 })).toBe(1)
    expect(gamePortOf({ udp: 3 })).toBe(3)
    expect(gamePortOf({ udp: 3, query: 4 })).toBeNull()
  })

  it('is offered for what it names; for anything where it names nothing; for no mode where it names only maps', () => {
    expect(modesOffered({ modes: ['duel'], maps: [1] })).toEqual(['duel'])
    expect(modesOffered({ modes: [], maps: [] })).toEqual(['*'])
    expect(modesOffered({ modes: [], maps: [1] })).toEqual([])
  })

  it('is touched by the key that registered it, and by operators', () => {
    expect(mayTouch({ kind: 'key', key: 'key_1' }, 'key_1')).toBe(true)
    expect(mayTouch({ kind: 'key', key: 'key_1' }, 'key_2')).toBe(false)
    expect(mayTouch({ kind: 'key', key: 'key_1' }, null)).toBe(false)
    expect(mayTouch({ kind: 'operator' }, null)).toBe(true)
  })
})

describe('the next port', () => {
  it('is the one after the last, round and round', () => {
    expect(nextPort(10, 12, 0, new Set())).toBe(10)
    expect(nextPort(10, 12, 10, new Set())).toBe(11)
    expect(nextPort(10, 12, 12, new Set())).toBe(10)
    expect(nextPort(10, 12, 10, new Set([11]))).toBe(12)
    expect(nextPort(10, 12, 11, new Set([10, 11, 12]))).toBeNull()
  })

  it('is always free and within bounds, and found whenever there is one', () => {
    const port = fc.integer({ min: 1, max: 30 })
    fc.assert(
      fc.property(port, port, port, fc.uniqueArray(port), (a, b, last, taken) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const next = nextPort(from, to, last, new Set(taken))
        const free = Array.from({ length: to - from + 1 }, (_, at) => from + at).filter((one) => !taken.includes(one))
        if (free.length === 0) expect(next).toBeNull()
        else expect(free).toContain(next)
      }),
    )
  })
})

describe('a kick', () => {
  const seen = [{ session: 'session_1' as const, players: ['player_ann' as const] }]
  it('of a player is done when the player is listed no longer', () => {
    expect(kickIsDone({ session: 'session_1', player: 'player_ann' }, seen)).toBe(false)
    expect(kickIsDone({ session: 'session_1', player: 'player_bob' }, seen)).toBe(true)
    expect(kickIsDone({ session: 'session_2', player: 'player_ann' }, seen)).toBe(true)
  })
  it('of a session is done when the session is listed no longer', () => {
    expect(kickIsDone({ session: 'session_1', player: null }, seen)).toBe(false)
    expect(kickIsDone({ session: 'session_1', player: null }, [])).toBe(true)
  })
})

describe('what was told', () => {
  const assigned = { session: 'session_1' as const, mode: 'duel', slots: 2, brief: null }
  const orders = (over: Partial<Orders> = {}): Orders => ({
    instance: 'i',
    assign: [],
    kick: [],
    drain: false,
    ...over,
  })

  it('is news once, and again after a while', () => {
    const told = createTold(5_000)
    expect(told.isNews('a', orders({ assign: [assigned] }), 0)).toBe(true)
    told.note('a', orders({ assign: [assigned] }), 0)
    expect(told.isNews('a', orders({ assign: [assigned] }), 4_999)).toBe(false)
    expect(told.isNews('a', orders({ assign: [assigned], drain: true }), 4_999)).toBe(true)
    expect(told.isNews('a', orders({ assign: [assigned], instance: 'other' }), 4_999)).toBe(true)
    expect(told.isNews('a', orders({ assign: [assigned] }), 5_000)).toBe(true)
    expect(told.isNews('a', orders(), 5_000)).toBe(false)
    told.forgetOld(5_000)
    expect(told.isNews('a', orders({ assign: [assigned] }), 4_999)).toBe(true)
  })

  it('tells a second kick of the same player from the first', () => {
    const kick = (createdAt: number) => ({
      kick: [{ session: 'session_1' as const, player: 'player_ann' as const, reason: 'x', createdAt }],
    })
    expect(orderNames(orders(kick(1)))).not.toEqual(orderNames(orders(kick(2))))
  })
})
