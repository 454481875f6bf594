import type { PlayerId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WaitingGround } from '../../../test/support/meanwhile.ts'
import type { Db } from '../../platform/db.ts'
import type { Place } from './domain.ts'
import type { PresenceStore } from './store.ts'

export interface PresenceStoreGround extends WaitingGround, AsyncDisposable {
  store: PresenceStore
}

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'
const cat: PlayerId = 'player_cat'
const entry = (id: string): Place => ({ kind: 'entry', id })
const session = (id: string): Place => ({ kind: 'session', id })
const text = (words: string) => new TextEncoder().encode(words)
const failed = new Error('planted')

/** What every store of presence keeps to, whatever it is made of. */
export function presenceStoreSuite(name: string, open: () => Promise<PresenceStoreGround>): void {
  describe(`presence store: ${name}`, () => {
    let ground: PresenceStoreGround
    let db: Db
    let store: PresenceStore
    beforeEach(async () => {
      ground = await open()
      db = ground.db
      store = ground.store
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const placesOf = async (...players: PlayerId[]) => {
      const found = await db.once((tx) => store.placesOf(tx, players))
      return Object.fromEntries(found.map(({ player, place }) => [player, `${place.kind} ${place.id}`]))
    }
    const claim = (player: PlayerId, place: Place) => db.transact((tx) => store.claim(tx, [{ player, place }], 1))
    const push = (players: PlayerId[], event: string, keptMax = 100, at = 1) =>
      db.transact((tx) =>
        store.append(
          tx,
          players.map((player) => ({ player, event, data: text(event) })),
          at,
          keptMax,
        ),
      )
    const eventsAfter = async (player: PlayerId, after: number, max = 100) =>
      (await db.once((tx) => store.pushesAfter(tx, [{ player, after }], max))).map(
        ({ seq, event }) => `${seq} ${event}`,
      )

    it('gives a free place, and tells the place of who is elsewhere', async () => {
      await claim(ann, entry('e1'))
      const answered = await db.transact((tx) =>
        store.claim(
          tx,
          [bob, ann].map((player) => ({ player, place: entry('e2') })),
          2,
        ),
      )
      expect(answered).toHaveLength(2)
      expect(answered).toEqual(
        expect.arrayContaining([
          { player: ann, place: entry('e1') },
          { player: bob, place: entry('e2') },
        ]),
      )
      expect(await placesOf(ann, bob, cat)).toEqual({ [ann]: 'entry e1', [bob]: 'entry e2' })
    })

    it('takes the same claim again', async () => {
      await claim(ann, entry('e1'))
      expect(await claim(ann, entry('e1'))).toEqual([{ player: ann, place: entry('e1') }])
    })

    it('lets one of many at once have the place, and tells the others which', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => claim(ann, entry(`e${at}`))))
      const { [ann]: there } = await placesOf(ann)
      expect(new Set(answers.flat().map(({ place }) => `${place.kind} ${place.id}`))).toEqual(new Set([there]))
    })

    it('waits for a claim under way, and takes the place when that one comes to nothing', async () => {
      let answered: Promise<unknown> | undefined
      await expect(
        db.transact(async (tx) => {
          await store.claim(tx, [{ player: ann, place: entry('e1') }], 1)
          answered = claim(ann, entry('e2'))
          await ground.untilWaiting(1)
          throw failed
        }),
      ).rejects.toBe(failed)
      expect(await answered).toEqual([{ player: ann, place: entry('e2') }])
      expect(await placesOf(ann)).toEqual({ [ann]: 'entry e2' })
    })

    it('moves who is there, and leaves the others', async () => {
      await claim(ann, entry('e1'))
      await claim(bob, entry('e2'))
      const to = session('s1')
      const moved = await db.transact((tx) =>
        store.move(
          tx,
          [
            { player: ann, from: entry('e1'), to },
            { player: bob, from: entry('e1'), to },
            { player: cat, from: entry('e1'), to },
          ],
          2,
        ),
      )
      expect(moved).toEqual([ann])
      expect(await placesOf(ann, bob, cat)).toEqual({ [ann]: 'session s1', [bob]: 'entry e2' })
    })

    it('tells a kind of place from another with the same id', async () => {
      await claim(ann, entry('x'))
      const move = { player: ann, from: session('x'), to: session('y') }
      expect(await db.transact((tx) => store.move(tx, [move], 2))).toEqual([])
      await db.transact((tx) => store.release(tx, [{ player: ann, place: session('x') }]))
      expect(await placesOf(ann)).toEqual({ [ann]: 'entry x' })
    })

    it('moves once, however many try at once', async () => {
      await claim(ann, entry('e1'))
      const moved = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          db.transact((tx) => store.move(tx, [{ player: ann, from: entry('e1'), to: session(`s${at}`) }], 2)),
        ),
      )
      expect(moved.flat()).toEqual([ann])
      expect(await placesOf(ann)).toEqual({ [ann]: `session s${moved.findIndex((one) => one.length > 0)}` })
    })

    it('lets go only of who is still there', async () => {
      await claim(ann, entry('e1'))
      await claim(bob, entry('e2'))
      await db.transact((tx) =>
        store.release(
          tx,
          [ann, bob, cat].map((player) => ({ player, place: entry('e1') })),
        ),
      )
      expect(await placesOf(ann, bob)).toEqual({ [bob]: 'entry e2' })
    })

    it('goes through crossing claims, moves and releases of the same players without a deadlock', async () => {
      const players = Array.from({ length: 12 }, (_, at): PlayerId => `player_${at}`)
      const shuffled = (seed: number) =>
        [...players].sort((a, b) => ((Number(a.slice(7)) * seed) % 13) - ((Number(b.slice(7)) * seed) % 13))
      let attempts = 0
      await Promise.all(
        Array.from({ length: 40 }, (_, at) =>
          db.transact(async (tx) => {
            attempts++
            const list = shuffled(at + 1)
            if (at % 3 === 0)
              await store.claim(
                tx,
                list.map((player) => ({ player, place: entry('e') })),
                at,
              )
            else if (at % 3 === 1)
              await store.move(
                tx,
                list.map((player) => ({ player, from: entry('e'), to: session('s') })),
                at,
              )
            else
              await store.release(
                tx,
                list.map((player) => ({ player, place: session('s') })),
              )
          }),
        ),
      )
      expect(attempts).toBe(40)
    })

    it('numbers each player apart, in the order given', async () => {
      await push([bob, ann, bob], 'first')
      await push([ann], 'second')
      expect(await eventsAfter(ann, 0)).toEqual(['1 first', '2 second'])
      expect(await eventsAfter(bob, 0)).toEqual(['1 first', '2 first'])
      expect(await eventsAfter(bob, 1)).toEqual(['2 first'])
      expect(await eventsAfter(cat, 0)).toEqual([])
      const [kept] = await db.once((tx) => store.pushesAfter(tx, [{ player: ann, after: 1 }], 10))
      expect({ ...kept, data: Buffer.from(kept?.data ?? '').toString() }).toEqual({
        ...{ player: ann, seq: 2, event: 'second', data: 'second' },
      })
    })

    it('leaves no gap where a transaction comes to nothing', async () => {
      await push([ann], 'first')
      await expect(
        db.transact(async (tx) => {
          await store.append(tx, [{ player: ann, event: 'never', data: text('') }], 1, 100)
          throw failed
        }),
      ).rejects.toBe(failed)
      await push([ann], 'second')
      expect(await eventsAfter(ann, 0)).toEqual(['1 first', '2 second'])
    })

    it('numbers without gap or double under many writers, and a reader never sees a later one before an earlier', async () => {
      const players = [ann, bob, cat]
      let writing = true
      const seen: number[][] = []
      const reading = (async () => {
        while (writing)
          seen.push(
            (await db.once((tx) => store.pushesAfter(tx, [{ player: ann, after: 0 }], 1_000))).map(({ seq }) => seq),
          )
      })()
      await Promise.all(
        Array.from({ length: 60 }, (_, at) =>
          push(players.filter((__, which) => (at + which) % 3 > 0).reverse(), `e${at}`),
        ),
      )
      writing = false
      await reading
      for (const seqs of seen) expect(seqs).toEqual(seqs.map((_, at) => at + 1))
      for (const player of players) {
        const seqs = (await db.once((tx) => store.pushesAfter(tx, [{ player, after: 0 }], 1_000))).map(({ seq }) => seq)
        expect(seqs).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
      }
    })

    it('reads for many players at once, a bounded number for each', async () => {
      for (let at = 1; at <= 5; at++) await push([ann, bob], `e${at}`)
      const wanted = [
        { player: bob, after: 3 },
        { player: ann, after: 0 },
        { player: cat, after: 0 },
      ]
      const read = await db.once((tx) => store.pushesAfter(tx, wanted, 3))
      expect(read.map(({ player, seq }) => `${player} ${seq}`)).toEqual([
        ...['player_ann 1', 'player_ann 2', 'player_ann 3'],
        ...['player_bob 4', 'player_bob 5'],
      ])
      expect(await db.once((tx) => store.behind(tx, wanted))).toEqual(expect.arrayContaining([ann, bob]))
      expect(await db.once((tx) => store.behind(tx, [{ player: ann, after: 5 }]))).toEqual([])
    })

    it('tells where players stand, in the order asked, the same one twice if asked twice', async () => {
      for (let at = 1; at <= 5; at++) await push([ann], `e${at}`)
      const asked = [
        { player: ann, after: 2 },
        { player: bob, after: 0 },
        { player: ann, after: null },
      ]
      expect(await db.once((tx) => store.standingsOf(tx, asked))).toEqual([
        { last: 5, kept: 3 },
        { last: 0, kept: 0 },
        { last: 5, kept: 0 },
      ])
    })

    it('keeps only so many for a player', async () => {
      for (let at = 1; at <= 7; at++) await push([ann], `e${at}`, 3)
      await push([ann, ann], 'both', 3)
      expect(await eventsAfter(ann, 0)).toEqual(['7 e7', '8 both', '9 both'])
    })

    it('drops old pushes a bounded number at a time, and goes on numbering', async () => {
      for (let at = 1; at <= 6; at++) await push([ann], `e${at}`, 100, at)
      expect(await db.once((tx) => store.dropPushes(tx, 5, 3))).toBe(3)
      expect(await db.once((tx) => store.dropPushes(tx, 5, 3))).toBe(1)
      expect(await db.once((tx) => store.dropPushes(tx, 5, 3))).toBe(0)
      expect(await eventsAfter(ann, 0)).toEqual(['5 e5', '6 e6'])
      expect(await db.once((tx) => store.standingsOf(tx, [{ player: ann, after: 1 }]))).toEqual([{ last: 6, kept: 2 }])
      await push([ann], 'e7')
      expect(await eventsAfter(ann, 6)).toEqual(['7 e7'])
    })

    it('tells what it keeps of a player, and erases it, and nobody else’s', async () => {
      await claim(ann, entry('e1'))
      await claim(bob, entry('e2'))
      await push([ann, bob], 'hello', 100, 5)
      expect(await db.once((tx) => store.personalOf(tx, ann))).toEqual({
        place: entry('e1'),
        pushes: [{ event: 'hello', at: 5 }],
      })
      await db.transact((tx) => store.erase(tx, ann))
      expect(await db.once((tx) => store.personalOf(tx, ann))).toEqual({ place: null, pushes: [] })
      expect(await db.once((tx) => store.personalOf(tx, bob))).toMatchObject({ place: entry('e2') })
      await push([ann], 'again')
      expect(await eventsAfter(ann, 0)).toEqual(['1 again'])
    })
  })
}
