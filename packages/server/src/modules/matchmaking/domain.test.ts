import type { PlayerId } from '@muster/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Answer,
  blameOf,
  fatesOf,
  hasRunOut,
  judge,
  type Match,
  regionFor,
  type SeatNews,
  silentOf,
} from './domain.ts'

const names = ['ann', 'bob', 'cat', 'dan'] as const
const playerOf = (name: string): PlayerId => `player_${name}`

/** Two parties of two. */
const match = (over: Partial<Match> = {}): Match => ({
  ...{ id: 'match_1', queue: 'duel', mode: 'duel', board: null, region: null, state: 'offered', reason: null },
  teams: [['ann', 'bob'] as const, ['cat', 'dan'] as const].map((pair) => [
    {
      entry: `entry_${pair[0]}`,
      players: pair.map((name) => ({ player: playerOf(name), nick: name, guest: false })),
    },
  ]),
  ...{ session: null, accepted: [], leavers: [], expiresAt: 100, told: false, version: 1, createdAt: 0, ...over },
})
const ann = playerOf('ann')
const all = names.map(playerOf)

describe('an answer to an offered match', () => {
  it('counts until the time is over', () => {
    expect(judge(match(), ann, 'accept', 99)).toEqual({ kind: 'accept', all: false })
    expect(judge(match(), ann, 'decline', 99)).toEqual({ kind: 'decline' })
    expect(judge(match(), ann, 'accept', 100)).toEqual({ kind: 'late' })
    expect(judge(match(), ann, 'decline', 100)).toEqual({ kind: 'late' })
    expect(hasRunOut(match(), 99)).toBe(false)
    expect(hasRunOut(match(), 100)).toBe(true)
    expect(hasRunOut(match({ state: 'confirmed' }), 100)).toBe(false)
  })

  it('is nobody else’s', () => {
    expect(judge(match(), 'player_eve', 'accept', 1)).toEqual({ kind: 'not_yours' })
  })

  it('may be said again', () => {
    const accepted = match({ accepted: [ann] })
    expect(judge(accepted, ann, 'accept', 1)).toEqual({ kind: 'again', status: 'match_found' })
    const confirmed = match({ state: 'confirmed', accepted: all })
    expect(judge(confirmed, ann, 'accept', 999)).toEqual({ kind: 'again', status: 'match_found' })
    expect(judge({ ...confirmed, told: true }, ann, 'accept', 999)).toEqual({
      ...{ kind: 'again', status: 'match_confirmed' },
    })
    const declined = match({ state: 'cancelled', reason: 'declined', leavers: [ann] })
    expect(judge(declined, ann, 'decline', 1)).toEqual({ kind: 'again', status: 'cancelled' })
  })

  it('may turn from yes to no, but not back', () => {
    expect(judge(match({ accepted: [ann] }), ann, 'decline', 1)).toEqual({ kind: 'decline' })
    expect(judge(match({ state: 'cancelled', leavers: [ann] }), ann, 'accept', 1)).toEqual({ kind: 'late' })
    expect(judge(match({ state: 'confirmed', accepted: all }), ann, 'decline', 1)).toEqual({ kind: 'late' })
  })

  it('[security 35] ends in one outcome, whatever is said in whatever order', () => {
    const said = fc.record({
      who: fc.constantFrom(...names),
      answer: fc.constantFrom<Answer>('accept', 'decline'),
      after: fc.integer({ min: 0, max: 30 }),
    })
    fc.assert(
      fc.property(fc.array(said, { maxLength: 30 }), (sayings) => {
        let now = 0
        let it = match()
        const outcomes: string[] = []
        for (const { who, answer, after } of sayings) {
          now += after
          const player = playerOf(who)
          const verdict = judge(it, player, answer, now)
          if (verdict.kind === 'accept') {
            expect(it.accepted).not.toContain(player)
            it = { ...it, accepted: [...it.accepted, player], state: verdict.all ? 'confirmed' : 'offered' }
            if (verdict.all) outcomes.push('confirmed')
          } else if (verdict.kind === 'decline') {
            it = { ...it, state: 'cancelled', leavers: [player] }
            outcomes.push('cancelled')
          }
        }
        expect(outcomes.length).toBeLessThanOrEqual(1)
        if (it.state === 'confirmed') expect(silentOf(it)).toEqual([])
        if (outcomes.length > 0) expect(hasRunOut(it, Number.MAX_SAFE_INTEGER)).toBe(false)
      }),
    )
  })
})

describe('a match that falls through', () => {
  it('keeps every party whole, and gives each one fate', () => {
    fc.assert(
      fc.property(fc.subarray([...names]), (guilty) => {
        const blame = new Map(guilty.map((name) => [playerOf(name), 'declined']))
        const fates = fatesOf(match(), blame, 'other')
        expect(fates.map(({ party }) => party.entry)).toEqual(['entry_ann', 'entry_cat'])
        for (const { party, to, reason } of fates) {
          const isGuilty = party.players.some(({ player }) => blame.has(player))
          expect({ to, reason }).toEqual(
            isGuilty ? { to: 'closed', reason: 'declined' } : { to: 'searching', reason: 'other' },
          )
        }
      }),
    )
  })
})

describe('whose fault a cancelled session is', () => {
  const seat = (name: string, over: Partial<SeatNews>): SeatNews => ({
    ...{ player: playerOf(name), state: 'expected', joinedAt: null, gaveUpAt: null, ...over },
  })
  const joined = { state: 'joined', joinedAt: 5 } as const

  it('is theirs who did not come while others did', () => {
    const seats = [seat('ann', joined), seat('bob', { state: 'absent' }), seat('cat', { state: 'left', joinedAt: 4 })]
    expect([...blameOf(seats)]).toEqual([[playerOf('bob'), 'no_show']])
  })

  it('is nobody’s where nobody came, or nobody was waited for to the end', () => {
    expect(blameOf([seat('ann', { state: 'absent' }), seat('bob', { state: 'absent' })]).size).toBe(0)
    expect(blameOf([seat('ann', joined), seat('bob', {})]).size).toBe(0)
  })

  it('is theirs who gave up', () => {
    expect([...blameOf([seat('ann', { state: 'left', gaveUpAt: 3 }), seat('bob', {})])]).toEqual([[ann, 'left']])
  })
})

describe('the region of a match', () => {
  const said = (latenciesMs: Record<string, number>) => ({ latenciesMs })

  it('is where the one who is worst off is best off', () => {
    const asks = [said({ eu: 20, us: 90, asia: 10 }), said({ eu: 80, us: 70 })]
    expect(regionFor(asks, ['eu', 'us', 'asia'])).toBe('eu')
  })

  it('is open where they have none in common, or none is configured', () => {
    expect(regionFor([said({ eu: 1 }), null], ['eu'])).toBeNull()
    expect(regionFor([said({ eu: 1 })], [])).toBeNull()
  })
})
