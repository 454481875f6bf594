import Value from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { type QueueOptions, queueComplaints, queueOptions } from './config.ts'

const queue = (over: object): QueueOptions => Value.Default(queueOptions, { mode: 'duel', ...over }) as QueueOptions

describe('a queue as it is configured', () => {
  it('needs no more than a mode', () => {
    const plain = queue({})
    expect([...Value.Errors(queueOptions, plain)]).toEqual([])
    expect(queueComplaints(plain)).toEqual([])
    expect(plain).toMatchObject({ teams: 2, teamSize: 1, window: { initial: 100 }, declinePause: { free: 1 } })
  })

  it.each([
    [{ teams: 8, teamSize: 1, playersMin: 4 }, null],
    [{ teams: 1, teamSize: 1 }, /from 2 to 256 players/],
    [{ teams: 100, teamSize: 16 }, /from 2 to 256 players/],
    [{ teams: 4, teamSize: 1, playersMin: 5 }, /no more than 4/],
    [{ teams: 3, teamSize: 2, playersMin: 5 }, /whole teams of 2/],
    [{ window: { initial: 200, max: 100 } }, /window.max/],
  ])('%j', (over, complaint) => {
    const complaints = queueComplaints(queue(over))
    if (complaint === null) expect(complaints).toEqual([])
    else expect(complaints.join()).toMatch(complaint)
  })
})
