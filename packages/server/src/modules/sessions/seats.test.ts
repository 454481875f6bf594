import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attendanceOf, came, gaveUp, missed, type Seat, shownState, slotIsDue, went } from './seats.ts'

const graces = { leaveGraceMs: 120_000, clockSlackMs: 5_000 }
const seat = (over: Partial<Seat> = {}): Seat => ({
  ...{ player: 'player_1', nick: 'Ann', guest: false, team: 0, role: 'player', origin: null },
  ...{ state: 'expected', slot: true, slotEndsAt: null, ticketEndsAt: null },
  ...{ joinedAt: null, gaveUpAt: null, erased: false },
  ...over,
})

describe('a seat', () => {
  it('keeps its slot while its player is there', () => {
    const back = came(went(came(seat(), 10), 20, graces), 30)
    expect(back).toMatchObject({ state: 'joined', slot: true, slotEndsAt: null, joinedAt: 10 })
  })

  it('keeps its slot for a grace after the line dropped', () => {
    const gone = went(came(seat(), 10), 20, graces)
    expect(gone).toMatchObject({ state: 'left', slotEndsAt: 120_020 })
    expect(slotIsDue(gone, 120_019)).toBe(false)
    expect(slotIsDue(gone, 120_020)).toBe(true)
    expect(went(gone, 60_000, graces)).toBe(gone)
  })

  it('keeps its slot while a ticket is out that could bring the player in', () => {
    const ticketed = seat({ ticketEndsAt: 60_000 })
    expect(missed(ticketed, 10, graces)).toMatchObject({ state: 'absent', slotEndsAt: 65_000 })
    expect(gaveUp(ticketed, 10, graces)).toMatchObject({ state: 'left', slotEndsAt: 65_000 })
    expect(missed(seat(), 10, graces)).toMatchObject({ state: 'absent', slotEndsAt: 10 })
  })

  it('keeps its slot after giving up until the server says that the player has gone', () => {
    const left = gaveUp(came(seat(), 10), 20, graces)
    expect(left).toMatchObject({ state: 'joined', gaveUpAt: 20, slotEndsAt: null })
    expect(shownState(left)).toBe('left')
    expect(went(left, 30, graces)).toMatchObject({ state: 'left', slotEndsAt: 30 })
    expect(gaveUp(left, 40, graces)).toBe(left)
  })

  it('tells that whoever has gone had come', () => {
    expect(went(seat(), 20, graces)).toMatchObject({ state: 'left', joinedAt: 20 })
  })

  it('counts who is there', () => {
    const there = came(seat(), 1)
    const seats = [there, gaveUp(there, 2, graces), seat(), went(there, 2, graces)]
    expect(attendanceOf(seats)).toEqual({ seats: 4, present: 1, gaveUp: 1, hosted: false })
  })

  it('[law 7] gives its slot back only when nobody can be on it', () => {
    const happening = fc.record({
      what: fc.constantFrom('came', 'went', 'gaveUp', 'missed', 'ticket'),
      spanMs: fc.nat(90_000),
    })
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
        let now = 0
        let it = seat()
        for (const { what, spanMs } of happenings) {
          now += spanMs
          if (what === 'came') it = came(it, now)
          if (what === 'went') it = went(it, now, graces)
          if (what === 'gaveUp') it = gaveUp(it, now, graces)
          if (what === 'missed') it = missed(it, now, graces)
          if (what === 'ticket' && it.gaveUpAt === null) {
            const ends = now + 60_000
            const slotEndsAt = it.slotEndsAt === null ? null : Math.max(it.slotEndsAt, ends + graces.clockSlackMs)
            it = { ...it, ticketEndsAt: ends, slotEndsAt }
          }
          if (!slotIsDue(it, now)) continue
          expect(it.state).not.toBe('joined')
          expect((it.ticketEndsAt ?? 0) <= now).toBe(true)
        }
      }),
    )
  })
})
