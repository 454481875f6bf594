import type { PlayerId } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { resumeFrom, sortClaims } from './domain.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'

describe('where a connection begins to hear', () => {
  it('is now, unless replay is asked for', () => {
    expect(resumeFrom({ last: 9, kept: 0 }, null)).toEqual({ cursor: 9, missed: false })
  })

  it('is after the number it names, while all since are kept', () => {
    expect(resumeFrom({ last: 9, kept: 4 }, 5)).toEqual({ cursor: 5, missed: false })
    expect(resumeFrom({ last: 9, kept: 0 }, 9)).toEqual({ cursor: 9, missed: false })
    expect(resumeFrom({ last: 0, kept: 0 }, 0)).toEqual({ cursor: 0, missed: false })
  })

  it('is with the oldest still kept, where some since are gone, and it is told so', () => {
    expect(resumeFrom({ last: 9, kept: 2 }, 5)).toEqual({ cursor: 7, missed: true })
    expect(resumeFrom({ last: 9, kept: 0 }, 5)).toEqual({ cursor: 9, missed: true })
  })

  it('is now, where the number was never given out', () => {
    expect(resumeFrom({ last: 3, kept: 0 }, 7)).toEqual({ cursor: 3, missed: true })
  })
})

describe('claims made together', () => {
  it('are one for each player; what contradicts an earlier one is set apart', () => {
    const first = { player: ann, place: { kind: 'entry', id: 'e1' } } as const
    const other = { player: bob, place: { kind: 'entry', id: 'e1' } } as const
    const against = { player: ann, place: { kind: 'session', id: 'e1' } } as const
    expect(sortClaims([first, other, { ...first }, against])).toEqual({
      asked: [first, other],
      contradicting: [against],
    })
  })
})
