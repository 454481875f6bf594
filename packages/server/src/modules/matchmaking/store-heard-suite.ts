import type { EntryId, MatchId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EntryChange } from './store.ts'
import type { MatchmakingStoreGround } from './store-suite.ts'

const a: EntryId = 'entry_a'
const m1: MatchId = 'match_1'

/** How every store of matchmaking remembers when the players of an entry were heard of. */
export function matchmakingHeardSuite(name: string, open: () => Promise<MatchmakingStoreGround>): void {
  describe(`matchmaking store, who was heard of: ${name}`, () => {
    let ground: MatchmakingStoreGround
    beforeEach(async () => {
      ground = await open()
      const entry = { id: a, players: ['player_a' as const], queues: ['duel'], ratings: [0], asks: null }
      await ground.db.transact((tx) => ground.store.addEntries(tx, [{ ...entry, waitingSince: 100 }]))
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const read = async () => (await ground.db.once((tx) => ground.store.entriesOf(tx, [a])))[0]
    const touch = (now: number, unseenSince: number) =>
      ground.db.once((tx) => ground.store.touch(tx, [a], now, unseenSince))
    const take = () =>
      ground.db.transact((tx) => ground.store.takeForMatches(tx, [{ match: m1, entries: [a] }], 'confirmed'))
    const change = (over: Pick<EntryChange, 'to' | 'heard'>, now: number, excusedTo: number) =>
      ground.db.transact((tx) =>
        ground.store.changeEntries(
          tx,
          [{ entry: a, match: m1, from: 'confirmed', reason: null, ...over }],
          now,
          excusedTo,
        ),
      )
    /** When it counts as heard of after another match that came to nothing. */
    const back = async (now: number, excusedTo: number, heard?: boolean) => {
      await take()
      await change({ to: 'searching', heard }, now, excusedTo)
      return (await read())?.seenAt
    }

    it('hears without making news, and not sooner than asked', async () => {
      await touch(150, 100)
      expect(await read()).toMatchObject({ seenAt: 100, version: 1 })
      await touch(150, 101)
      expect(await read()).toMatchObject({ seenAt: 150, version: 1 })
    })

    it('hears also while a match is on its way, and no more once it is closed', async () => {
      await take()
      await touch(200, 200)
      expect(await read()).toMatchObject({ state: 'confirmed', seenAt: 200, version: 2 })
      await change({ to: 'closed' }, 250, 250)
      await touch(300, 300)
      expect(await read()).toMatchObject({ state: 'closed', seenAt: 200 })
    })

    it('excuses who comes back once, until heard of again', async () => {
      expect(await back(200, 150)).toBe(150)
      expect(await back(300, 250)).toBe(150)
      await touch(400, 400)
      expect([await back(500, 350), await back(600, 550)]).toEqual([400, 400])
      expect(await back(700, 650, true)).toBe(700)
      expect([await back(800, 750), await back(900, 850)]).toEqual([750, 750])
    })
  })
}
