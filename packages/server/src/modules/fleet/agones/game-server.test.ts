import { describe, expect, it } from 'vitest'
import {
  allocated,
  annotation,
  type Change,
  counter,
  freshGameServer,
  type GameServer,
  label,
  list,
  playerCame,
  playersCapacity,
  playerWent,
  toState,
  withoutValue,
  withValue,
} from './game-server.ts'

const fresh = freshGameServer(
  {
    counters: { rounds: { count: 1, capacity: 3 } },
    lists: { players: { capacity: 2, values: ['ann'] } },
  },
  2,
)
const after = (...changes: Change[]): GameServer => changes.reduce((before, change) => change(before), fresh)
const codeOf = (change: Change, before = fresh): string => {
  try {
    change(before)
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'fine'
}
const count = (over: object) => counter({ name: 'rounds', count: null, capacity: null, countDiff: 0, ...over })

describe('what a server’s SDK knows', () => {
  it('goes from state to state, and stays where it has ended', () => {
    expect(fresh).toMatchObject({ state: 'Scheduled', generation: 1, players: { capacity: 2, ids: [] } })
    expect(after(toState('Ready')).state).toBe('Ready')
    expect(after(allocated('now'))).toMatchObject({
      state: 'Allocated',
      annotations: { 'agones.dev/last-allocated': 'now' },
    })
    expect(after(toState('Reserved', 5))).toMatchObject({ state: 'Reserved', reservedUntil: 5 })
    expect(after(toState('Reserved', 5), toState('Ready'))).toMatchObject({ state: 'Ready', reservedUntil: null })
    for (const end of ['Shutdown', 'Unhealthy'] as const) {
      expect(after(toState(end), toState('Ready'), allocated('now'), toState('Shutdown')).state).toBe(end)
    }
  })

  it('sets apart what the server says of itself', () => {
    expect(after(label('map', 'hill'), label('map', 'lake'), annotation('note', 'a "b"'))).toMatchObject({
      labels: { 'agones.dev/sdk-map': 'lake' },
      annotations: { 'agones.dev/sdk-note': 'a "b"' },
    })
    const known = after(label('map', 'hill'))
    expect(label('map', 'hill')(known)).toBe(known)
  })

  it.each([
    ['a key with a space', label('a b', ''), 'INVALID_ARGUMENT'],
    ['a key of nothing', annotation('', ''), 'INVALID_ARGUMENT'],
    ['a key that is too long', label('x'.repeat(60), ''), 'INVALID_ARGUMENT'],
    ['the key of a prototype', annotation('__proto__', ''), 'INVALID_ARGUMENT'],
    ['a label with a space', label('map', 'the hill'), 'INVALID_ARGUMENT'],
    ['a label that is too long', label('map', 'x'.repeat(64)), 'INVALID_ARGUMENT'],
    ['an annotation that is too long', annotation('map', 'x'.repeat(16_385)), 'RESOURCE_EXHAUSTED'],
    ['an empty label', label('map', ''), 'fine'],
    ['a label of every kind', label('a.b-c_d', 'A.b-c_9'), 'fine'],
  ])('takes or refuses %s', (_, change, code) => {
    expect(codeOf(change)).toBe(code)
  })

  it('keeps no more labels and annotations than it may', () => {
    const many = Array.from({ length: 64 }, (_, at) => label(`key${at}`, 'x'))
    const full = after(...many)
    expect(codeOf(label('another', 'x'), full)).toBe('RESOURCE_EXHAUSTED')
    expect(codeOf(label('key3', 'y'), full)).toBe('fine')
    const long = Array.from({ length: 4 }, (_, at) => annotation(`key${at}`, 'x'.repeat(16_000)))
    expect(codeOf(annotation('another', 'x'.repeat(2_000)), after(...long))).toBe('RESOURCE_EXHAUSTED')
  })

  it('counts from nothing to the capacity', () => {
    expect(after(count({ countDiff: 2 })).counters.rounds).toEqual({ count: 3, capacity: 3 })
    expect(after(count({ countDiff: -1 })).counters.rounds).toEqual({ count: 0, capacity: 3 })
    expect(after(count({ count: 2 })).counters.rounds).toEqual({ count: 2, capacity: 3 })
    expect(after(count({ capacity: 9 }), count({ countDiff: 8 })).counters.rounds).toEqual({ count: 9, capacity: 9 })
    expect(after(count({ count: 3 }), count({ capacity: 2 })).counters.rounds).toEqual({ count: 2, capacity: 2 })
    expect(codeOf(count({ countDiff: 3 }))).toBe('OUT_OF_RANGE')
    expect(codeOf(count({ countDiff: -2 }))).toBe('OUT_OF_RANGE')
    expect(codeOf(count({ count: -1 }))).toBe('OUT_OF_RANGE')
    expect(codeOf(count({ capacity: -1 }))).toBe('OUT_OF_RANGE')
    expect(codeOf(count({}))).toBe('INVALID_ARGUMENT')
    for (const name of ['laps', 'constructor', '__proto__']) {
      expect(codeOf(count({ name, countDiff: 1 }))).toBe('NOT_FOUND')
    }
  })

  it('holds values once, up to the capacity', () => {
    expect(after(withValue('players', 'bob')).lists.players).toEqual({ capacity: 2, values: ['ann', 'bob'] })
    expect(codeOf(withValue('players', 'ann'))).toBe('ALREADY_EXISTS')
    expect(codeOf(withValue('players', 'eve'), after(withValue('players', 'bob')))).toBe('OUT_OF_RANGE')
    expect(codeOf(withValue('players', 'x'.repeat(257)))).toBe('INVALID_ARGUMENT')
    expect(after(withoutValue('players', 'ann')).lists.players?.values).toEqual([])
    expect(codeOf(withoutValue('players', 'bob'))).toBe('NOT_FOUND')
    expect(codeOf(withValue('maps', 'hill'))).toBe('NOT_FOUND')
    expect(after(list('players', 1, ['bob', 'bob', 'eve'])).lists.players).toEqual({ capacity: 1, values: ['bob'] })
    expect(after(list('players', 0, null)).lists.players).toEqual({ capacity: 0, values: [] })
    expect(codeOf(list('players', 1_001, null))).toBe('OUT_OF_RANGE')
    expect(codeOf(list('players', -1, null))).toBe('OUT_OF_RANGE')
  })

  it('knows who is connected', () => {
    const both = after(playerCame('ann'), playerCame('bob'))
    expect(both.players).toEqual({ capacity: 2, ids: ['ann', 'bob'] })
    expect(playerCame('ann')(both)).toBe(both)
    expect(codeOf(playerCame('eve'), both)).toBe('OUT_OF_RANGE')
    expect(playerWent('ann')(both).players.ids).toEqual(['bob'])
    expect(playerWent('eve')(both)).toBe(both)
    expect(after(playersCapacity(5)).players.capacity).toBe(5)
    expect(codeOf(playersCapacity(-1))).toBe('OUT_OF_RANGE')
  })
})
