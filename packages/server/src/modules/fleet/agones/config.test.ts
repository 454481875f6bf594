import { describe, expect, it } from 'vitest'
import { readOptions } from '../../../platform/options.ts'
import { agonesComplaints, agonesOptions } from './config.ts'

const agones = (over: object = {}) => readOptions(agonesOptions, { ports: [9_400, 9_409], ...over }, 'the test')
const complaints = (over: object) => agonesComplaints(agones(over), { processesMax: 4 })

describe('the options of an Agones SDK', () => {
  it('are those of Agones unless told', () => {
    expect(agones()).toEqual({
      ports: [9_400, 9_409],
      health: { disabled: false, initialDelaySeconds: 5, periodSeconds: 5, failureThreshold: 3 },
      ...{ counters: {}, lists: {}, anyProcess: false },
    })
    expect(agones({ counters: { rounds: {} }, lists: { players: { capacity: 9 } } })).toMatchObject({
      counters: { rounds: { count: 0, capacity: 1_000 } },
      lists: { players: { capacity: 9, values: [] } },
    })
  })

  it.each([
    { ports: [9_400] },
    { health: { periodSeconds: 0 } },
    { health: { period: 5 } },
    { lists: { players: { capacity: 1_001 } } },
  ])('refuse %j', (over) => {
    expect(() => agones(over)).toThrow(/is not a configuration/)
  })

  it('complain of what does not fit', () => {
    expect(complaints({})).toEqual([])
    expect(complaints({ ports: [9_409, 9_400] })).toEqual(['ports: the first, 9409, is above the last, 9400'])
    expect(complaints({ ports: [9_400, 9_402] })).toEqual(['ports: 3 ports are too few for 4 processes'])
    expect(complaints({ counters: { 'a b': {} }, lists: { '': {} } })).toHaveLength(2)
    expect(complaints({ counters: { rounds: { count: 2, capacity: 1 } } })).toHaveLength(1)
    expect(complaints({ lists: { players: { capacity: 1, values: ['a', 'b'] } } })).toHaveLength(1)
    expect(complaints({ lists: { players: { values: ['a', 'a'] } } })).toHaveLength(1)
  })
})
