import type { PlayerId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { meanwhile } from '../../../test/support/meanwhile.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Place } from './domain.ts'
import type { PresenceStore } from './store.ts'
import type { PresenceStoreGround } from './store-suite.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'
const cat: PlayerId = 'player_cat'
const entry = (id: string): Place => ({ kind: 'entry', id })
const session = (id: string): Place => ({ kind: 'session', id })
const planted = new Error('planted')

/** How transactions of presence meet each other. */
export function presenceRacesSuite(name: string, open: () => Promise<PresenceStoreGround>): void {
  describe(`presence store, races: ${name}`, () => {
    let ground: PresenceStoreGround
    let db: Db
    let store: PresenceStore
    beforeEach(async () => {
      ground = await open()
      db = ground.db
      store = ground.store
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const claimIn = (tx: Tx, player: PlayerId, place: Place) => store.claim(tx, [{ player, place }], 1)
    const moveIn = (tx: Tx, player: PlayerId, from: Place, to: Place) => store.move(tx, [{ player, from, to }], 2)
    const releaseIn = (tx: Tx, player: PlayerId, place: Place) => store.release(tx, [{ player, place }])
    const appendIn = (tx: Tx, player: PlayerId, event: string, at = 1, keptMax = 100) =>
      store.append(tx, [{ player, event, data: Buffer.from(event) }], at, keptMax)

    const claim = (player: PlayerId, place: Place) => db.transact((tx) => claimIn(tx, player, place))
    const move = (player: PlayerId, from: Place, to: Place) => db.transact((tx) => moveIn(tx, player, from, to))
    const release = (player: PlayerId, place: Place) => db.transact((tx) => releaseIn(tx, player, place))
    const append = (player: PlayerId, event: string, at = 1, keptMax = 100) =>
      db.transact((tx) => appendIn(tx, player, event, at, keptMax))
    const placeOf = async (player: PlayerId) => {
      const [found] = await db.once((tx) => store.placesOf(tx, [player]))
      return found === undefined ? null : `${found.place.kind} ${found.place.id}`
    }
    const events = async (player: PlayerId) =>
      (await db.once((tx) => store.pushesAfter(tx, [{ player, after: 0 }], 1_000))).map(
        ({ seq, event }) => `${seq} ${event}`,
      )

    describe('places', () => {
      it('answer a claim after what was under way: who moved on, who left', async () => {
        await claim(ann, entry('e1'))
        const again = () => claim(ann, entry('e1'))
        expect(await meanwhile(ground, (tx) => moveIn(tx, ann, entry('e1'), session('s1')), [again])).toEqual([
          [{ player: ann, place: session('s1') }],
        ])
        expect(await meanwhile(ground, (tx) => releaseIn(tx, ann, session('s1')), [again])).toEqual([
          [{ player: ann, place: entry('e1') }],
        ])
      })

      it('are held by a claim until its transaction ends, also where it came too late', async () => {
        await claim(ann, entry('e1'))
        const order: string[] = []
        const moved = await meanwhile(
          ground,
          async (tx) => {
            await claimIn(tx, ann, entry('e2'))
            order.push('claimed')
          },
          [
            async () => {
              const done = await move(ann, entry('e1'), session('s1'))
              order.push('moved')
              return done
            },
          ],
        )
        expect({ moved, order }).toEqual({ moved: [[ann]], order: ['claimed', 'moved'] })
      })

      it('are answered in the order of their players, and refuse one who is named twice', async () => {
        const claims = [cat, ann, bob].map((player) => ({ player, place: entry('e1') }))
        const answered = await db.transact((tx) => store.claim(tx, claims, 1))
        expect(answered.map(({ player }) => player)).toEqual([ann, bob, cat])
        const twice = [ann, ann].map((player) => ({ player, place: entry('e2') }))
        await expect(db.transact((tx) => store.claim(tx, twice, 1))).rejects.toMatchObject({ code: '21000' })
        expect(await placeOf(ann)).toBe('entry e1')
      })

      it('are moved by the first of two, or by the second where the first comes to nothing', async () => {
        await claim(ann, entry('e1'))
        const first = (tx: Tx) => moveIn(tx, ann, entry('e1'), session('s1'))
        const second = () => move(ann, entry('e1'), session('s2'))
        expect(await meanwhile(ground, first, [second], 'undo')).toEqual([[ann]])
        expect(await placeOf(ann)).toBe('session s2')
        await move(ann, session('s2'), entry('e1'))
        expect(await meanwhile(ground, first, [second])).toEqual([[]])
        expect(await placeOf(ann)).toBe('session s1')
      })

      it('are not moved where they came to be only after the moving began', async () => {
        await claim(ann, entry('e1'))
        await claim(bob, entry('e1'))
        const moves = [ann, bob].map((player) => ({ player, from: entry('e1'), to: session('s1') }))
        const both = () => db.transact((tx) => store.move(tx, moves, 2))
        const run = async (tx: Tx) => {
          await moveIn(tx, ann, entry('e1'), entry('e2'))
          await releaseIn(tx, bob, entry('e1'))
          await claimIn(tx, bob, entry('e1'))
        }
        expect(await meanwhile(ground, run, [both])).toEqual([[]])
        expect([await placeOf(ann), await placeOf(bob)]).toEqual(['entry e2', 'entry e1'])
      })

      it('are left by who is still there when it is its turn', async () => {
        await claim(ann, entry('e1'))
        const leave = () => release(ann, entry('e1'))
        await meanwhile(ground, (tx) => moveIn(tx, ann, entry('e1'), session('s1')), [leave])
        expect(await placeOf(ann)).toBe('session s1')
        await move(ann, session('s1'), entry('e1'))
        await meanwhile(ground, (tx) => moveIn(tx, ann, entry('e1'), session('s1')), [leave], 'undo')
        expect(await placeOf(ann)).toBeNull()
      })

      it('are seen by others only once they are committed', async () => {
        await claim(bob, entry('e1'))
        await db.transact(async (tx) => {
          await claimIn(tx, ann, entry('e1'))
          await releaseIn(tx, bob, entry('e1'))
          expect(await store.placesOf(tx, [ann, bob, cat])).toEqual([{ player: ann, place: entry('e1') }])
          expect([await placeOf(ann), await placeOf(bob)]).toEqual([null, 'entry e1'])
          expect(await move(ann, entry('e1'), session('s1'))).toEqual([])
          await release(ann, entry('e1'))
        })
        expect([await placeOf(ann), await placeOf(bob)]).toEqual(['entry e1', null])
      })

      it('of nobody are nothing to do', async () => {
        await db.transact(async (tx) => {
          expect([await store.claim(tx, [], 1), await store.move(tx, [], 1), await store.placesOf(tx, [])]).toEqual([
            ...[[], [], []],
          ])
          await store.release(tx, [])
        })
      })

      it('stay as they were where a transaction comes to nothing', async () => {
        await claim(ann, entry('e1'))
        await claim(bob, entry('e2'))
        const undone = db.transact(async (tx) => {
          await moveIn(tx, ann, entry('e1'), session('s1'))
          await releaseIn(tx, bob, entry('e2'))
          await claimIn(tx, cat, entry('e3'))
          await appendIn(tx, ann, 'never')
          await store.erase(tx, ann)
          throw planted
        })
        await expect(undone).rejects.toBe(planted)
        expect(await Promise.all([ann, bob, cat].map(placeOf))).toEqual(['entry e1', 'entry e2', null])
        expect(await events(ann)).toEqual([])
      })
    })

    describe('pushes', () => {
      it('are numbered by one transaction at a time for each player', async () => {
        const first = async (tx: Tx) => {
          await appendIn(tx, ann, 'first')
          await append(bob, 'meanwhile')
        }
        await meanwhile(ground, first, [() => append(ann, 'later'), () => append(ann, 'later')])
        expect(await events(ann)).toEqual(['1 first', '2 later', '3 later'])
        await meanwhile(ground, (tx) => appendIn(tx, ann, 'never'), [() => append(ann, 'last')], 'undo')
        expect(await events(ann)).toEqual(['1 first', '2 later', '3 later', '4 last'])
        expect(await events(bob)).toEqual(['1 meanwhile'])
      })

      it('are seen by others only once they are committed', async () => {
        await db.transact(async (tx) => {
          await appendIn(tx, ann, 'first')
          expect(await store.behind(tx, [{ player: ann, after: 0 }])).toEqual([ann])
          expect(await events(ann)).toEqual([])
          const asked = [{ player: ann, after: 0 }]
          expect(await db.once((other) => store.behind(other, asked))).toEqual([])
          expect(await db.once((other) => store.standingsOf(other, asked))).toEqual([{ last: 0, kept: 0 }])
          expect(await store.standingsOf(tx, asked)).toEqual([{ last: 1, kept: 1 }])
        })
      })

      it('are read by who is far behind, from the middle, and beyond the end', async () => {
        const many = Array.from({ length: 150 }, (_, at) => ({ player: ann, event: `e${at + 1}`, data: Buffer.of(at) }))
        await db.transact((tx) => store.append(tx, many, 1, 1_000))
        const seqs = async (after: number, max: number) =>
          (await db.once((tx) => store.pushesAfter(tx, [{ player: ann, after }], max))).map(({ seq }) => seq)
        expect(await seqs(0, 1_000)).toEqual(many.map((_, at) => at + 1))
        expect(await seqs(20, 2)).toEqual([21, 22])
        expect(await seqs(148, 10)).toEqual([149, 150])
        expect(await seqs(150, 10)).toEqual([])
        expect(await seqs(999, 10)).toEqual([])
        const asked = [0, 20, 150, 999].map((after) => ({ player: ann, after }))
        const standings = await db.once((tx) => store.standingsOf(tx, asked))
        expect(standings.map(({ last, kept }) => `${last} ${kept}`)).toEqual(['150 150', '150 130', '150 0', '150 0'])
        expect(await db.once((tx) => store.behind(tx, [...asked, { player: cat, after: -1 }]))).toEqual([ann, ann])
      })

      it('of nobody are nothing to do', async () => {
        await db.transact(async (tx) => {
          await store.append(tx, [], 1, 10)
          const read = [
            ...[await store.standingsOf(tx, []), await store.pushesAfter(tx, [], 10), await store.behind(tx, [])],
          ]
          expect(read).toEqual([[], [], []])
          expect(await store.dropPushes(tx, 1_000_000, 10)).toBe(0)
          await store.erase(tx, ann)
          expect(await store.personalOf(tx, ann)).toEqual({ place: null, pushes: [] })
        })
      })

      it('are dropped by several at once, the oldest first, without waiting for each other', async () => {
        for (const [event, at] of [
          ['e1', 70_000],
          ['e2', 10],
          ['e3', 130_000],
          ['e4', 20],
        ] as const) {
          await append(ann, event, at)
        }
        await db.transact(async (tx) => {
          expect(await store.dropPushes(tx, 130_000, 2)).toBe(2)
          expect(await db.once((other) => store.dropPushes(other, 130_000, 2))).toBe(1)
          expect(await events(ann)).toEqual(['2 e2', '3 e3', '4 e4'])
        })
        expect(await events(ann)).toEqual(['3 e3'])
      })

      it('go with their player once those under way are there, and are numbered anew', async () => {
        await claim(ann, entry('e1'))
        await append(ann, 'first')
        const erase = () => db.transact((tx) => store.erase(tx, ann))
        await meanwhile(ground, (tx) => appendIn(tx, ann, 'second'), [erase])
        expect(await events(ann)).toEqual([])
        expect(await placeOf(ann)).toBeNull()
        await append(ann, 'again')
        await meanwhile(ground, (tx) => store.erase(tx, ann), [() => append(ann, 'late')])
        expect(await events(ann)).toEqual(['1 late'])
      })

      it('are exported by their numbers, and are what they were though the caller changes what it gave', async () => {
        const data = Buffer.from('sealed')
        const given = [1, 2, 3].map((at) => ({ player: ann, event: `e${at}`, data }))
        await db.transact((tx) => store.append(tx, given, 7, 100))
        data.fill(0)
        expect((await db.once((tx) => store.personalOf(tx, ann))).pushes).toEqual(
          [1, 2, 3].map((at) => ({ event: `e${at}`, at: 7 })),
        )
        const [kept] = await db.once((tx) => store.pushesAfter(tx, [{ player: ann, after: 0 }], 1))
        expect(Buffer.from(kept?.data ?? '').toString()).toBe('sealed')
      })
    })
  })
}
