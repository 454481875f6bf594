import type { MatchId, PlayerId, SessionId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { meanwhile } from '../../../test/support/meanwhile.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Hold } from './hold.ts'
import type { Strikes } from './pause.ts'
import type { EntryChange, MatchChange, MatchmakingStore } from './store.ts'
import { entry, type MatchmakingStoreGround, match, newEntry } from './store-suite.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'
const m1: MatchId = 'match_1'
const m2: MatchId = 'match_2'
const codeOf = (error: unknown) => (error as { code?: string }).code

/** How transactions of matchmaking meet each other. */
export function matchmakingRacesSuite(name: string, open: () => Promise<MatchmakingStoreGround>): void {
  describe(`matchmaking store, races: ${name}`, () => {
    let ground: MatchmakingStoreGround
    let db: Db
    let store: MatchmakingStore
    beforeEach(async () => {
      ground = await open()
      db = ground.db
      store = ground.store
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const addIn = (tx: Tx, ...names: string[]) =>
      store.addEntries(
        tx,
        names.map((one) => newEntry(one)),
      )
    const takeIn = (tx: Tx, id: MatchId, ...names: string[]) =>
      store.takeForMatches(tx, [{ match: id, entries: names.map(entry) }], 'matched')
    const closeIn = async (tx: Tx, ...names: string[]) =>
      (await store.closeSearching(tx, names.map(entry), 'left')).map(({ id }) => id)
    const back = (one: string, id: MatchId): EntryChange => ({
      ...{ entry: entry(one), match: id, from: 'matched', to: 'searching', reason: 'declined' },
    })
    const add = (...names: string[]) => db.transact((tx) => addIn(tx, ...names))
    const take = (id: MatchId, ...names: string[]) => db.transact((tx) => takeIn(tx, id, ...names))
    const close = (...names: string[]) => db.transact((tx) => closeIn(tx, ...names))
    const change = (...changes: EntryChange[]) => db.transact((tx) => store.changeEntries(tx, changes, 900, 900))
    const states = async (...names: string[]) => {
      const rows = await db.once((tx) => store.entriesOf(tx, names.map(entry)))
      return names.map((one) => rows.find(({ id }) => id === entry(one))?.state ?? 'none').join(' ')
    }

    describe('entries', () => {
      it('are added once, by the second where the first comes to nothing', async () => {
        const second = () => add('a', 'b')
        expect(await meanwhile(ground, (tx) => addIn(tx, 'a'), [second], 'undo')).toEqual([[entry('a'), entry('b')]])
        const third = () => add('c', 'd')
        expect(await meanwhile(ground, (tx) => addIn(tx, 'c'), [third])).toEqual([[entry('d')]])
      })

      it('are seen by others only once they are committed', async () => {
        await add('a')
        await db.transact(async (tx) => {
          await addIn(tx, 'b')
          await closeIn(tx, 'a')
          expect([...(await store.countSearching(tx))]).toEqual([['duel', 1]])
          expect(await store.waitersOf(tx, [entry('a'), entry('b')])).toMatchObject([{ id: entry('b') }])
          expect(await states('a', 'b')).toBe('searching none')
          expect(await db.once((other) => store.searching(other, null, 10))).toMatchObject({
            items: [{ id: entry('a') }],
          })
          expect(await close('b')).toEqual([])
          expect(await take(m1, 'b')).toEqual([])
        })
        expect(await states('a', 'b')).toBe('closed searching')
      })

      it('are taken only whole after what was under way, and close only where they were not taken', async () => {
        await add('a', 'b')
        expect(await meanwhile(ground, (tx) => closeIn(tx, 'b'), [() => take(m1, 'a', 'b')])).toEqual([[]])
        expect(await states('a', 'b')).toBe('searching closed')
        expect(await meanwhile(ground, (tx) => takeIn(tx, m1, 'a'), [() => close('a')], 'undo')).toEqual([[entry('a')]])
        await add('c', 'd')
        expect(await meanwhile(ground, (tx) => takeIn(tx, m1, 'c', 'd'), [() => close('d')])).toEqual([[]])
        expect(await states('a', 'b', 'c', 'd')).toBe('closed closed matched matched')
      })

      it('of a match that is not whole are held all the same, and stay as they are', async () => {
        await add('a')
        const run = async (tx: Tx) => expect(await takeIn(tx, m1, 'a', 'never there')).toEqual([])
        expect(await meanwhile(ground, run, [() => close('a')])).toEqual([[entry('a')]])
      })

      it('that came back while they were waited for are taken as they are', async () => {
        await add('a', 'b')
        await take(m1, 'a', 'b')
        await change(back('a', m1))
        const run = async (tx: Tx) => {
          await takeIn(tx, m2, 'a')
          await store.changeEntries(tx, [back('a', m2)], 900, 900)
        }
        expect(await meanwhile(ground, run, [() => take('match_3', 'a')])).toEqual([['match_3']])
        const [row] = await db.once((tx) => store.entriesOf(tx, [entry('a')]))
        expect(row).toMatchObject({ match: 'match_3', version: 6, front: true })
      })

      it('change from where they are when it is their turn', async () => {
        await add('a', 'b')
        await take(m1, 'a', 'b')
        const both = () => change(back('b', m1), back('a', m1))
        const run = (tx: Tx) => store.changeEntries(tx, [{ ...back('a', m1), to: 'confirmed', reason: null }], 900, 900)
        expect(await meanwhile(ground, run, [both])).toEqual([[entry('b')]])
        expect(await states('a', 'b')).toBe('confirmed searching')
        const [b] = await db.once((tx) => store.entriesOf(tx, [entry('b')]))
        const first = { ...back('a', m1), from: 'confirmed' as const }
        expect(await change(first, first, { ...back('b', m1), from: 'searching' })).toEqual([entry('a')])
        expect(await db.once((tx) => store.entriesOf(tx, [entry('b')]))).toEqual([b])
      })

      it('are heard of only where nobody holds them, and dropped only so', async () => {
        await add('a', 'b', 'c', 'd')
        await close('c', 'd')
        const seen = async () =>
          (await db.once((tx) => store.waitersOf(tx, [entry('a'), entry('b')]))).map(({ seenAt }) => seenAt).sort()
        await db.transact(async (tx) => {
          await closeIn(tx, 'a')
          await db.once((other) => store.touch(other, [entry('a'), entry('b'), entry('none')], 500, 500))
          expect(await seen()).toEqual([100, 500])
          expect(await store.dropClosed(tx, entry('z'), 2)).toBe(2)
          expect(await db.once((other) => store.dropClosed(other, entry('z'), 5))).toBe(1)
        })
        expect(await states('a', 'b', 'c', 'd')).toBe('none searching none none')
      })

      it('of nobody are nothing to do', async () => {
        await add('a')
        await db.transact(async (tx) => {
          expect(await store.addEntries(tx, [])).toEqual([])
          expect([await store.entriesOf(tx, []), await store.waitersOf(tx, [])]).toEqual([[], []])
          expect(await store.takeForMatches(tx, [], 'matched')).toEqual([])
          expect(await store.takeForMatches(tx, [{ match: m1, entries: [] }], 'matched')).toEqual([])
          expect(await store.changeEntries(tx, [], 1, 1)).toEqual([])
          expect(await store.closeSearching(tx, [], 'left')).toEqual([])
          await store.touch(tx, [], 1, 1)
          expect(await store.dropClosed(tx, entry('z'), 0)).toBe(0)
        })
      })

      it('are the store’s own: nothing that is given or answered changes them', async () => {
        const given = newEntry('a', { asks: { latenciesMs: { eu: 20 }, attributes: undefined, role: 'tank' } })
        await db.transact((tx) => store.addEntries(tx, [given]))
        const [first] = await db.once((tx) => store.entriesOf(tx, [entry('a')]))
        expect(first?.asks).toStrictEqual({ latenciesMs: { eu: 20 }, role: 'tank' })
        for (const one of [given, first]) {
          one?.players.push(bob)
          one?.queues.push('other')
          one?.ratings.fill(0)
          if (one?.asks?.latenciesMs) one.asks.latenciesMs.eu = 0
        }
        const [again] = await db.once((tx) => store.entriesOf(tx, [entry('a')]))
        expect(again).toMatchObject({ players: ['player_a'], queues: ['duel'], ratings: [1_500.5] })
        expect(again?.asks?.latenciesMs).toEqual({ eu: 20 })
      })
    })

    describe('news', () => {
      it('come again from a transaction that had only held something when others had written', async () => {
        await add('held')
        let settled = ''
        await db.transact(async (tx) => {
          await takeIn(tx, m1, 'held', 'never there')
          await add('meanwhile')
          settled = await db.once((other) => store.settled(other))
          expect(BigInt(await store.settled(tx))).toBeLessThanOrEqual(BigInt(settled))
          await addIn(tx, 'late')
        })
        const { items } = await db.once((tx) => store.news(tx, settled, 100))
        expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining([entry('late'), entry('meanwhile')]))
      })

      it('tell nothing of what came to nothing, nor of who searches no more', async () => {
        await expect(
          db.transact((tx) => addIn(tx, 'a').then(() => Promise.reject(new Error('planted')))),
        ).rejects.toThrow()
        await add('b')
        await close('b')
        expect(await db.once((tx) => store.news(tx, '0', 100))).toEqual({ items: [], next: null })
        expect(await db.once((tx) => store.searching(tx, null, 100))).toEqual({ items: [], next: null })
      })
    })

    describe('matches', () => {
      const addMatches = (...matches: ReturnType<typeof match>[]) => db.transact((tx) => store.addMatches(tx, matches))
      const changeMatch = (id: MatchId, what: MatchChange) => db.transact((tx) => store.changeMatch(tx, id, what, 200))
      const read = async (id: MatchId) => (await db.once((tx) => store.matchesOf(tx, [id])))[0]
      const idsOf = (matches: { id: MatchId }[]) => matches.map(({ id }) => id)

      it('are added once, and a session has one of them', async () => {
        const second = () => addMatches(match(m1)).catch(codeOf)
        expect(await meanwhile(ground, (tx) => store.addMatches(tx, [match(m1)]), [second])).toEqual(['23505'])
        const session: SessionId = 'session_1'
        const sharing = () => addMatches(match('match_3', { session })).catch(codeOf)
        const first = (tx: Tx) => store.addMatches(tx, [match(m2, { session })])
        expect(await meanwhile(ground, first, [sharing], 'undo')).toEqual([undefined])
        expect(await changeMatch(m1, { session }).catch(codeOf)).toBe('23505')
        await changeMatch('match_3', { session: null })
        await changeMatch(m1, { session })
        expect(idsOf(await db.once((tx) => store.matchesOfSessions(tx, [session, session])))).toEqual([m1])
        await changeMatch(m1, { session: 'session_2', state: 'completed' })
        expect(await db.once((tx) => store.dropEnded(tx, m2, 10))).toBe(1)
        expect(await addMatches(match(m2, { session: 'session_2' })).catch(codeOf)).toBeUndefined()
      })

      it('begin untold, blaming nobody, whatever they are said to be', async () => {
        await addMatches(match(m1, { told: true, version: 7, leavers: [ann], reason: 'declined' }))
        expect(await read(m1)).toMatchObject({ told: false, version: 1, leavers: [], reason: null })
      })

      it('are read as they are once they are held', async () => {
        await addMatches(match(m1))
        const lock = () => db.transact((tx) => store.lockMatch(tx, m1))
        const run = (tx: Tx) => store.changeMatch(tx, m1, { accepted: [ann], told: true, reason: 'declined' }, 200)
        expect(await meanwhile(ground, run, [lock])).toMatchObject([{ accepted: [ann], told: true, version: 2 }])
        const changing = () => changeMatch(m1, { leavers: [bob], reason: null })
        await meanwhile(ground, (tx) => store.lockMatch(tx, m1), [changing])
        expect(await read(m1)).toMatchObject({ accepted: [ann], leavers: [bob], reason: null, version: 3 })
        expect(await db.transact((tx) => store.lockMatch(tx, m2))).toBeNull()
        await changeMatch(m2, { told: true })
        expect(await read(m2)).toBeUndefined()
      })

      it('that are due longest are looked at first, and those that are held not at all', async () => {
        await addMatches(match(m1, { dueAt: 30 }), match(m2, { dueAt: 10 }))
        await addMatches(match('match_3', { dueAt: 20, state: 'confirmed' }))
        await addMatches(match('match_4', { dueAt: 20, state: 'completed' }))
        const due = async (now: number, max: number) => idsOf(await db.once((tx) => store.takeDue(tx, now, 100, max)))
        await db.transact(async (tx) => {
          await store.lockMatch(tx, m2)
          expect(await due(50, 1)).toEqual(['match_3'])
          expect(await due(50, 9)).toEqual([m1])
          expect(await due(50, 9)).toEqual([])
          await store.lockMatch(tx, 'match_3')
          await db.once((other) => store.postpone(other, ['match_3'], 300))
          await store.lockMatch(tx, 'match_4')
          expect(await db.once((other) => store.dropEnded(other, 'match_9', 9))).toBe(0)
        })
        expect(await due(50, 9)).toEqual([m2])
        expect((await due(100, 9)).sort()).toEqual([m1, m2, 'match_3'])
        expect(await due(99, 9)).toEqual([])
      })

      it('of nobody are nothing to do', async () => {
        await db.transact(async (tx) => {
          await store.addMatches(tx, [])
          await store.postpone(tx, [], 1)
          expect([await store.matchesOf(tx, []), await store.matchesOfSessions(tx, [])]).toEqual([[], []])
        })
      })

      it('are the store’s own: nothing that is given or answered changes them', async () => {
        const given = match(m1, { accepted: [ann] })
        await addMatches(given)
        const first = await read(m1)
        for (const one of [given, first]) {
          one?.accepted.push(bob)
          one?.teams[0]?.[0]?.players.splice(0)
          one?.teams.push([])
        }
        expect(await read(m1)).toMatchObject({ accepted: [ann], teams: match(m1).teams })
      })
    })

    describe('players', () => {
      const strikeIn = (tx: Tx, players: PlayerId[], pausedUntil = 0, at = 50) =>
        store.strike(tx, players, (before) => ({ count: (before?.count ?? 0) + 1, at, pausedUntil }))
      const noteIn = (tx: Tx, player: PlayerId, one: string, now = 1) =>
        store.noteLast(tx, [{ player, entry: entry(one) }], now)
      const strikes = (player: PlayerId) => db.once((tx) => store.strikesOf(tx, player))
      const lastClosed = (player: PlayerId) => db.once((tx) => store.lastEntryOf(tx, player))

      it('are struck one transaction after the other, new ones too, and once each', async () => {
        const seen: (Strikes | null)[] = []
        const again = () =>
          db.transact((tx) =>
            store.strike(tx, [bob, ann, bob], (before) => {
              seen.push(before)
              return { count: (before?.count ?? 0) + 1, at: 60, pausedUntil: 0 }
            }),
          )
        await meanwhile(ground, (tx) => strikeIn(tx, [ann], 70), [again])
        expect(seen).toEqual([{ count: 1, at: 50, pausedUntil: 70 }, null])
        expect(await strikes(ann)).toEqual({ count: 2, at: 60, pausedUntil: 0 })
        expect(await strikes('player_none')).toBeNull()
        await db.transact((tx) => strikeIn(tx, []))
      })

      it('remember the newest of many closed entries, together with their strikes', async () => {
        await db.transact((tx) => strikeIn(tx, [ann]))
        const closed = ['b', 'c', 'a'].map((one) => ({ player: ann, entry: entry(one) }))
        await meanwhile(ground, (tx) => store.noteLast(tx, closed, 1), [
          () => db.transact((tx) => noteIn(tx, ann, 'b')),
        ])
        expect(await lastClosed(ann)).toBe(entry('c'))
        expect(await strikes(ann)).toMatchObject({ count: 1 })
        await db.transact((tx) => store.noteLast(tx, [], 1))
      })

      it('are forgotten after what was under way', async () => {
        await db.transact((tx) => noteIn(tx, ann, 'a'))
        const forget = () => db.transact((tx) => store.forget(tx, ann))
        await meanwhile(ground, (tx) => strikeIn(tx, [ann]), [forget])
        expect([await strikes(ann), await lastClosed(ann)]).toEqual([null, null])
        await db.transact((tx) => noteIn(tx, ann, 'a'))
        await meanwhile(ground, (tx) => store.forget(tx, ann), [() => db.transact((tx) => strikeIn(tx, [ann]))])
        expect([await strikes(ann), await lastClosed(ann)]).toMatchObject([{ count: 1 }, null])
      })

      it('are dropped where they are of no more use and nobody holds them', async () => {
        const players = ['a', 'b', 'c', 'd', 'e'].map((one): PlayerId => `player_${one}`)
        const [a, b, c, d, e] = players as [PlayerId, PlayerId, PlayerId, PlayerId, PlayerId]
        await db.transact(async (tx) => {
          for (const player of players) await noteIn(tx, player, 'old', 10)
          await strikeIn(tx, [b], 0, 600)
          await strikeIn(tx, [c], 600, 10)
          await noteIn(tx, d, 'new', 600)
        })
        await db.transact(async (tx) => {
          await noteIn(tx, a, 'old', 10)
          expect(await db.once((other) => store.dropPlayers(other, null, 10, 500))).toBeNull()
        })
        expect(await Promise.all(players.map(lastClosed))).toEqual([
          ...[entry('old'), entry('old'), entry('old'), entry('old'), null],
        ])
        expect(await db.once((tx) => store.dropPlayers(tx, a, 3, 700))).toBe(d)
        expect(await Promise.all([a, b, d, e].map(lastClosed))).toEqual([entry('old'), null, null, null])
        expect(await db.once((tx) => store.dropPlayers(tx, d, 3, 700))).toBeNull()
      })

      it('who are unknown need not wait', async () => {
        expect(await db.once((tx) => store.pausesOf(tx, [ann, bob], 0))).toEqual(new Map())
        expect(await db.once((tx) => store.pausesOf(tx, [], 0))).toEqual(new Map())
      })
    })

    describe('holds', () => {
      const hold: Hold = { mode: 'duel', cause: 'no_server', says: 'None.', failures: 1, until: 100, allowance: 1 }
      const changeIn = (tx: Tx, seen: (Hold | null)[], to: (before: Hold | null) => Hold | null) =>
        store.changeHold(tx, 'duel', (before) => {
          seen.push(before)
          return to(before)
        })
      const more = (before: Hold | null) => ({ ...hold, failures: (before?.failures ?? 0) + 1 })
      const holds = () => db.once((tx) => store.holds(tx))

      it('lose no change where there is one', async () => {
        await db.transact((tx) => changeIn(tx, [], () => hold))
        const seen: (Hold | null)[] = []
        await meanwhile(ground, (tx) => changeIn(tx, seen, more), [() => db.transact((tx) => changeIn(tx, seen, more))])
        expect(seen).toEqual([hold, { ...hold, failures: 2 }])
        expect(await holds()).toEqual([{ ...hold, failures: 3 }])
      })

      it('are written over by who found none when it looked', async () => {
        const seen: (Hold | null)[] = []
        const second = () => db.transact((tx) => changeIn(tx, seen, () => ({ ...hold, failures: 9 })))
        await meanwhile(ground, (tx) => changeIn(tx, seen, more), [second])
        expect(seen).toEqual([null, null])
        expect(await holds()).toEqual([{ ...hold, failures: 9 }])
      })

      it('that went while they were waited for are found no more', async () => {
        await db.transact((tx) => changeIn(tx, [], () => hold))
        const seen: (Hold | null)[] = []
        const second = () => db.transact((tx) => changeIn(tx, seen, (before) => before))
        await meanwhile(ground, (tx) => changeIn(tx, seen, () => null), [second])
        expect(seen).toEqual([hold, null])
        expect(await holds()).toEqual([])
      })
    })
  })
}
