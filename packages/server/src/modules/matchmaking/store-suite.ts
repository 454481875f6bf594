import type { EntryId, MatchId, PlayerId, SessionId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WaitingGround } from '../../../test/support/meanwhile.ts'
import type { Db } from '../../platform/db.ts'
import type { Match } from './domain.ts'
import type { MatchmakingStore, NewEntry } from './store.ts'

export interface MatchmakingStoreGround extends WaitingGround, AsyncDisposable {
  store: MatchmakingStore
}

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'
export const entry = (name: string): EntryId => `entry_${name}`
const m1: MatchId = 'match_1'
const m2: MatchId = 'match_2'
const planted = new Error('planted')

export const newEntry = (name: string, over: Partial<NewEntry> = {}): NewEntry => ({
  ...{ id: entry(name), players: [`player_${name}`], queues: ['duel'], ratings: [1_500.5], waitingSince: 100 },
  ...{ asks: null, ...over },
})

type DueMatch = Match & { dueAt: number }
export const match = (id: MatchId, over: Partial<DueMatch> = {}): DueMatch => ({
  ...{ id, queue: 'duel', mode: 'duel', board: null, region: null, state: 'offered', reason: null, session: null },
  teams: [[{ entry: entry('ann'), players: [{ player: ann, nick: 'Ann', guest: false }] }]],
  ...{ accepted: [], leavers: [], expiresAt: 500, told: false, version: 1, createdAt: 100, dueAt: 500, ...over },
})

/** What every store of matchmaking keeps to, whatever it is made of. */
export function matchmakingStoreSuite(name: string, open: () => Promise<MatchmakingStoreGround>): void {
  describe(`matchmaking store: ${name}`, () => {
    let ground: MatchmakingStoreGround
    let db: Db
    let store: MatchmakingStore
    beforeEach(async () => {
      ground = await open()
      db = ground.db
      store = ground.store
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const add = (...entries: NewEntry[]) => db.transact((tx) => store.addEntries(tx, entries))
    const take = (proposals: [MatchId, ...string[]][], to: 'matched' | 'confirmed' = 'matched') =>
      db.transact((tx) =>
        store.takeForMatches(
          tx,
          proposals.map(([id, ...names]) => ({ match: id, entries: names.map(entry) })),
          to,
        ),
      )
    const read = async (id: string) => (await db.once((tx) => store.entriesOf(tx, [entry(id)])))[0]
    const states = async (...names: string[]) => {
      const rows = await db.once((tx) => store.entriesOf(tx, names.map(entry)))
      return Object.fromEntries(rows.map((row) => [row.id.slice('entry_'.length), row.state]))
    }
    const namesIn = (items: readonly { id: EntryId }[]) => items.map(({ id }) => id.slice('entry_'.length)).sort()
    const newsFrom = async (from: string, max = 100) => {
      const settled = await db.once((tx) => store.settled(tx))
      const page = await db.once((tx) => store.news(tx, from, max))
      return { ...page, settled, names: namesIn(page.items) }
    }

    describe('entries', () => {
      it('keeps what it was given, and adds it once', async () => {
        const asks = { latenciesMs: { eu: 20.5 }, attributes: { deck: 'red', level: 3, hard: true }, role: 'healer' }
        const party = newEntry('a', { players: [ann, bob], queues: ['duel', 'ffa'], ratings: [1.25, -7], asks })
        expect(await add(party, newEntry('b'))).toEqual([entry('a'), entry('b')])
        expect(await add({ ...party, players: [ann] }, newEntry('c'))).toEqual([entry('c')])
        expect(await read('a')).toEqual({
          ...{ ...party, state: 'searching', reason: null, match: null, version: 1, front: false },
          ...{ createdAt: 100, seenAt: 100 },
        })
        expect(await states('a', 'b', 'd')).toEqual({ a: 'searching', b: 'searching' })
      })

      it('takes a match only whole', async () => {
        await add(...['a', 'b', 'c', 'd'].map((one) => newEntry(one)))
        await db.transact((tx) => store.closeSearching(tx, [entry('c')], 'left'))
        expect(
          await take([
            ['match_1', 'a', 'b'],
            ['match_2', 'c', 'd'],
          ]),
        ).toEqual([m1])
        expect(await states('a', 'b', 'c', 'd')).toEqual({ a: 'matched', b: 'matched', c: 'closed', d: 'searching' })
        expect(await read('a')).toMatchObject({ match: m1, version: 2 })
      })

      it('takes an entry for one match however many want it at once', async () => {
        await add(...['a', 'b', 'c'].map((one) => newEntry(one)))
        const rounds = Array.from({ length: 8 }, (_, at) => take([[`match_${at}`, 'a', at % 2 === 0 ? 'b' : 'c']]))
        expect((await Promise.all(rounds)).flat()).toHaveLength(1)
        expect(await read('a')).toMatchObject({ state: 'matched', version: 2 })
      })

      it('sends entries of a match on, and each only from where it is', async () => {
        await add(newEntry('a'), newEntry('b'))
        await take([['match_1', 'a', 'b']])
        const change = (name: string, over: object) => ({
          ...{ entry: entry(name), match: m1, from: 'matched', to: 'searching', reason: 'declined', ...over },
        })
        const changes = [change('a', {}), change('b', { to: 'closed' })] as never
        const both = [entry('a'), entry('b')]
        expect((await db.transact((tx) => store.changeEntries(tx, changes, 900, 900))).sort()).toEqual(both)
        expect(await db.transact((tx) => store.changeEntries(tx, changes, 901, 901))).toEqual([])
        expect(await read('a')).toMatchObject({
          ...{ state: 'searching', front: true, match: null, reason: 'declined', version: 3 },
          ...{ waitingSince: 100, seenAt: 900 },
        })
        expect(await read('b')).toMatchObject({ state: 'closed', front: false, match: m1, reason: 'declined' })
      })

      it('closes those that search, and with a time only those not heard of since', async () => {
        await add(newEntry('a'), newEntry('b'), newEntry('c'))
        await take([['match_1', 'c']])
        await db.once((tx) => store.touch(tx, [entry('b'), entry('c')], 300, 300))
        const ids = ['a', 'b', 'c'].map(entry)
        const closed = await db.transact((tx) => store.closeSearching(tx, ids, 'idle', 200))
        expect(closed).toMatchObject([{ id: entry('a'), state: 'closed', reason: 'idle', version: 2 }])
        expect(await states('a', 'b', 'c')).toEqual({ a: 'closed', b: 'searching', c: 'matched' })
        expect((await db.transact((tx) => store.closeSearching(tx, ids, 'left'))).map(({ id }) => id)).toEqual([
          entry('b'),
        ])
      })

      it('counts players by queue', async () => {
        await add(newEntry('a', { players: [ann, bob], queues: ['duel', 'ffa'], ratings: [1, 2] }), newEntry('b'))
        expect(await db.once((tx) => store.countSearching(tx))).toEqual(
          new Map([
            ['duel', 3],
            ['ffa', 2],
          ]),
        )
      })

      it('drops old closed entries, a batch at a time', async () => {
        await add(...['a', 'b', 'c', 'd'].map((one) => newEntry(one)))
        await db.transact((tx) => store.closeSearching(tx, ['a', 'b', 'd'].map(entry), 'left'))
        const drop = () => db.once((tx) => store.dropClosed(tx, entry('d'), 1))
        expect([await drop(), await drop(), await drop()]).toEqual([1, 1, 0])
        expect(await states('a', 'b', 'c', 'd')).toEqual({ c: 'searching', d: 'closed' })
      })
    })

    describe('news', () => {
      /** Reads on until there is nothing new; another test's transaction may hold it back for a moment. */
      const silence = async (from: string): Promise<string> => {
        let settled = from
        const read = async () => {
          const page = await newsFrom(settled)
          settled = page.settled
          return page.names
        }
        await expect.poll(read).toEqual([])
        return settled
      }

      it('reads all that search page by page, and those of one transaction together', async () => {
        const party = newEntry('a', { players: [ann, bob], queues: ['duel', 'ffa'], ratings: [0.1, -7] })
        await add(party, newEntry('b'), newEntry('c'))
        await add(newEntry('d'))
        await add(newEntry('e'))
        await db.transact((tx) => store.closeSearching(tx, [entry('b')], 'left'))
        const read = async (from: string | null, max: number) => {
          const page = await db.once((tx) => store.searching(tx, from, max))
          return { ...page, names: namesIn(page.items) }
        }
        const first = await read(null, 1)
        expect(first.names).toEqual(['a', 'c'])
        expect(first.items).toContainEqual({
          ...{ id: entry('a'), size: 2, queues: ['duel', 'ffa'], ratings: [0.1, -7], version: 1, front: false },
          ...{ waitingSince: 100, seenAt: 100 },
        })
        const some = ['a', 'b', 'd'].map(entry)
        expect(namesIn(await db.once((tx) => store.waitersOf(tx, some)))).toEqual(['a', 'd'])
        const second = await read(first.next, 1)
        expect(second.names).toEqual(['d'])
        expect(await read(second.next, 100)).toMatchObject({ names: ['e'], next: null })
        const news = await newsFrom('0', 1)
        expect(news).toMatchObject({ names: ['a', 'c'], next: first.next, items: [{ version: 1 }, { version: 1 }] })
      })

      it('tells of who came, and who came back, after what is settled', async () => {
        await add(newEntry('a'), newEntry('b'))
        await take([['match_1', 'a']])
        const settled = await silence('0')
        await add(newEntry('c'))
        const back = { entry: entry('a'), match: m1, from: 'matched', to: 'searching', reason: 'declined' } as const
        await db.transact((tx) => store.changeEntries(tx, [back], 200, 200))
        expect((await newsFrom(settled)).names).toEqual(['a', 'c'])
        await silence(settled)
      })

      it('misses nobody whose transaction began early and ended late', async () => {
        let goOn: () => void = () => undefined
        const waits = new Promise<void>((resolve) => {
          goOn = resolve
        })
        let hasWritten: () => void = () => undefined
        const written = new Promise<void>((resolve) => {
          hasWritten = resolve
        })
        const early = db.transact(async (tx) => {
          await store.addEntries(tx, [newEntry('early')])
          hasWritten()
          await waits
        })
        await written
        await add(newEntry('late'))
        const before = await newsFrom('0')
        expect(before.names).toEqual(['late'])
        goOn()
        await early
        expect((await newsFrom(before.settled)).names).toContain('early')
      })
    })

    describe('matches', () => {
      const addMatches = (...matches: DueMatch[]) => db.transact((tx) => store.addMatches(tx, matches))
      const due = async (now: number, again = now, max = 10) =>
        (await db.once((tx) => store.takeDue(tx, now, again, max))).map(({ id }) => id)
      const change = (id: MatchId, what: Parameters<MatchmakingStore['changeMatch']>[2]) =>
        db.transact(async (tx) => {
          await store.lockMatch(tx, id)
          await store.changeMatch(tx, id, what, 200)
        })

      it('keeps what it was given', async () => {
        const plain = match('match_1')
        const full = match('match_2', {
          ...{ board: 'duel', region: 'eu', state: 'confirmed', session: 'session_1', accepted: [ann, bob] },
          expiresAt: null,
        })
        await addMatches(plain, full)
        const kept = await db.once((tx) => store.matchesOf(tx, [m2, m1]))
        const expected = [plain, full].map(({ dueAt: _, ...rest }) => rest)
        expect(kept.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected)
        expect(await db.once((tx) => store.matchesOfSessions(tx, ['session_1', 'session_2']))).toEqual([expected[1]])
      })

      it('changes what is named and nothing else', async () => {
        await addMatches(match('match_1'))
        await change(m1, { accepted: [ann] })
        await change(m1, { state: 'confirmed', session: 'session_1' as SessionId, reason: null })
        expect((await db.once((tx) => store.matchesOf(tx, [m1])))[0]).toMatchObject({
          ...{ state: 'confirmed', session: 'session_1', accepted: [ann], version: 3, expiresAt: 500 },
        })
      })

      it('lets one at a time act on a match', async () => {
        await addMatches(match('match_1'))
        const accept = (player: PlayerId) =>
          db.transact(async (tx) => {
            const held = await store.lockMatch(tx, m1)
            await store.changeMatch(tx, m1, { accepted: [...(held?.accepted ?? []), player] }, 200)
          })
        await Promise.all(Array.from({ length: 12 }, (_, at) => accept(`player_${at}`)))
        expect((await db.once((tx) => store.matchesOf(tx, [m1])))[0]?.accepted).toHaveLength(12)
      })

      it('finds what is due while it lives, and puts off what is confirmed', async () => {
        await addMatches(
          match('match_1'),
          match('match_2', { state: 'confirmed', session: 'session_1' }),
          match('match_3', { state: 'cancelled' }),
        )
        expect(await due(499)).toEqual([])
        expect((await due(500, 500)).sort()).toEqual([m1, m2])
        await db.once((tx) => store.postpone(tx, [m1, m2], 600))
        expect(await due(500)).toEqual([m1])
        await change(m1, { state: 'cancelled' })
        expect(await due(600)).toEqual([m2])
      })

      it('gives what is due to one looker at a time', async () => {
        const ids = Array.from({ length: 20 }, (_, at): MatchId => `match_${at}`)
        await addMatches(...ids.map((id) => match(id)))
        const taken = await Promise.all(Array.from({ length: 6 }, () => due(500, 600, 5)))
        expect(taken.flat().length).toBe(new Set(taken.flat()).size)
        const rest = await due(500, 600, 20)
        expect([...taken.flat(), ...rest].sort()).toEqual([...ids].sort())
        expect(await due(599, 600)).toEqual([])
      })

      it('drops old ended matches, a batch at a time', async () => {
        await addMatches(
          match('match_1', { state: 'completed' }),
          match('match_2'),
          match('match_3', { state: 'cancelled' }),
          match('match_4', { state: 'abandoned' }),
        )
        const drop = () => db.once((tx) => store.dropEnded(tx, 'match_4', 1))
        expect([await drop(), await drop(), await drop()]).toEqual([1, 1, 0])
        const left = await db.once((tx) => store.matchesOf(tx, [m1, m2, 'match_3', 'match_4']))
        expect(left.map(({ id }) => id).sort()).toEqual([m2, 'match_4'])
      })
    })

    describe('players', () => {
      const strike = (players: PlayerId[], pausedUntil: number) =>
        db.transact((tx) =>
          store.strike(tx, players, (before) => ({ count: (before?.count ?? 0) + 1, at: 50, pausedUntil })),
        )
      const pauses = (now: number) => db.once((tx) => store.pausesOf(tx, [ann, bob], now))

      it('remembers strikes, and tells who must wait', async () => {
        await strike([ann, bob], 0)
        await strike([ann], 100)
        expect(await db.once((tx) => store.strikesOf(tx, ann))).toEqual({ count: 2, at: 50, pausedUntil: 100 })
        expect(await pauses(99)).toEqual(new Map([[ann, 100]]))
        expect(await pauses(100)).toEqual(new Map())
      })

      it('loses no strike of many at once', async () => {
        await Promise.all(Array.from({ length: 10 }, () => strike([ann, bob], 0)))
        expect(await db.once((tx) => store.strikesOf(tx, bob))).toMatchObject({ count: 10 })
      })

      it('knows the last closed entry, whatever is closed late', async () => {
        const close = (name: string) =>
          db.transact((tx) => store.noteLast(tx, [{ player: ann, entry: entry(name) }], 1))
        await close('b')
        await close('a')
        expect(await db.once((tx) => store.lastEntryOf(tx, ann))).toBe(entry('b'))
        await strike([bob], 0)
        expect(await db.once((tx) => store.lastEntryOf(tx, bob))).toBeNull()
        await db.transact((tx) => store.forget(tx, ann))
        expect(await db.once((tx) => store.lastEntryOf(tx, ann))).toBeNull()
      })

      it('walks over the players and drops those of no more use', async () => {
        await strike([ann], 900)
        const noted = ['c', 'd'].map((one) => ({ player: `player_${one}` as PlayerId, entry: entry(one) }))
        await db.transact((tx) => store.noteLast(tx, noted, 10))
        const walk = (after: PlayerId | null) => db.once((tx) => store.dropPlayers(tx, after, 2, 500))
        const middle = await walk(null)
        expect(middle).toBe('player_c')
        expect(await walk(middle)).toBeNull()
        expect(await db.once((tx) => store.strikesOf(tx, ann))).not.toBeNull()
        expect(await db.once((tx) => store.lastEntryOf(tx, 'player_c'))).toBeNull()
      })
    })

    describe('holds', () => {
      const failure = { mode: 'duel', cause: 'server_failed', says: 'It ended.' }
      const hold = { ...failure, failures: 1, until: 100, allowance: 1 }
      const holds = () => db.once((tx) => store.holds(tx))

      it('keeps, changes and forgets', async () => {
        await db.transact((tx) => store.changeHold(tx, 'duel', (before) => (before === null ? hold : null)))
        expect(await holds()).toEqual([hold])
        await db.transact((tx) => store.changeHold(tx, 'duel', (before) => before && { ...before, allowance: 4 }))
        expect(await holds()).toEqual([{ ...hold, allowance: 4 }])
        await db.transact((tx) => store.changeHold(tx, 'duel', () => null))
        expect(await holds()).toEqual([])
      })
    })

    it('keeps nothing of what was undone', async () => {
      const undone = db.transact(async (tx) => {
        await store.addEntries(tx, [newEntry('a')])
        await store.addMatches(tx, [match('match_1')])
        await store.noteLast(tx, [{ player: ann, entry: entry('a') }], 1)
        throw planted
      })
      await expect(undone).rejects.toBe(planted)
      expect(await states('a')).toEqual({})
      expect(await db.once((tx) => store.matchesOf(tx, [m1]))).toEqual([])
      expect(await db.once((tx) => store.lastEntryOf(tx, ann))).toBeNull()
    })
  })
}
