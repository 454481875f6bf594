import type { PlayerId, SessionId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BoardQuery, EventQuery } from './store.ts'
import {
  ann,
  bob,
  cat,
  codeOf,
  dan,
  event,
  type Hands,
  handsOf,
  type ResultsStoreGround,
  standing,
} from './store-ground-suite.ts'
import { resultsRacesSuite } from './store-races-suite.ts'

/** What every store of results keeps to, whatever it is made of. */
export function resultsStoreSuite(name: string, open: () => Promise<ResultsStoreGround>): void {
  describe(`results store: ${name}`, () => {
    let ground: ResultsStoreGround
    let hands: Hands
    beforeEach(async () => {
      ground = await open()
      hands = handsOf(ground)
    })
    afterEach(() => ground[Symbol.asyncDispose]())
    resultsRacesSuite(() => hands)

    const list = (query: Partial<EventQuery>) =>
      hands.db.once(async (tx) => (await hands.store.listEvents(tx, { limit: 10, ...query })).map(({ seq }) => seq))
    const rank = (query: Partial<BoardQuery>) =>
      hands.db.once(async (tx) => {
        const asked = { board: 'duel', gamesMin: 0, descending: true, limit: 10, ...query }
        return (await hands.store.listStandings(tx, asked)).map(({ player }) => player)
      })
    const count = (gamesMin: number, before?: { standing: number; player?: string }, board = 'duel') =>
      hands.db.once((tx) => hands.store.countStandings(tx, board, gamesMin, before))

    describe('standings', () => {
      it('makes those that are missing, keeps the others, and tells all in the order of their players', async () => {
        await hands.write('duel', standing(bob, 1_600, 7))
        await hands.write('other', standing(ann, 900, 4))
        const newcomers = [standing(cat), standing(ann), standing(bob)]
        const locked = await hands.run((tx) => hands.store.lockStandings(tx, 'duel', newcomers))
        expect([...locked]).toEqual([
          [ann, standing(ann)],
          [bob, standing(bob, 1_600, 7)],
          [cat, standing(cat)],
        ])
        expect(await hands.db.once((tx) => hands.store.standingsOf(tx, 'duel', [ann, bob, cat]))).toEqual(locked)
        expect(await hands.run((tx) => hands.store.lockStandings(tx, 'duel', []))).toEqual(new Map())
      })

      it('writes them with every digit, over those that are there and beside them', async () => {
        const rating = { value: 1_516.123456789012, deviation: 349.99999999999994, volatility: 0.06, games: 3 }
        const full = standing(ann, 0.1 + 0.2, 3, { rating: { ...rating, lastAtMs: 17 }, won: 1, drawn: 2, lost: 3 })
        await hands.write('duel', standing(ann), standing(bob))
        await hands.write('duel', standing(cat), full)
        await hands.write('duel')
        const read = await hands.db.once((tx) => hands.store.standingsOf(tx, 'duel', [ann, bob, cat, dan]))
        expect(read.get(ann)).toEqual(full)
        expect([...read.keys()].sort()).toEqual([ann, bob, cat])
        expect(await hands.db.once((tx) => hands.store.standingsOf(tx, 'duel', []))).toEqual(new Map())
      })

      it('refuses what is no number, and nothing has changed', async () => {
        await hands.write('duel', standing(ann, 1_700))
        const broken = [standing(ann), standing(bob, Number.NaN)]
        expect(codeOf(await hands.write('duel', ...broken).catch((error: unknown) => error))).toBe('23502')
        expect(await rank({})).toEqual([ann])
        expect(await count(0, { standing: 1_699 })).toBe(1)
      })

      it('tells the boards of a player by their names', async () => {
        for (const [board, value] of [
          ['zoo', 1],
          ['duel', 2],
          ['ffa', 3],
        ] as const) {
          await hands.write(board, standing(ann, value), standing(bob))
        }
        expect(await hands.db.once((tx) => hands.store.boardsOf(tx, ann))).toEqual([
          { board: 'duel', standing: standing(ann, 2) },
          { board: 'ffa', standing: standing(ann, 3) },
          { board: 'zoo', standing: standing(ann, 1) },
        ])
        expect(await hands.db.once((tx) => hands.store.boardsOf(tx, cat))).toEqual([])
      })

      it('lists from the best, equals by their ids, only who has played enough, and goes on from a row', async () => {
        await hands.write('duel', standing(ann, 1_500, 3), standing(bob, 1_600, 3))
        await hands.write('duel', standing(dan, 1_500, 3), standing(cat, 1_500, 2))
        await hands.write('aaa', standing('player_eve', 1_550, 9))
        await hands.write('zzz', standing('player_eve', 1_550, 9))
        expect(await rank({})).toEqual([bob, ann, cat, dan])
        expect(await rank({ gamesMin: 3 })).toEqual([bob, ann, dan])
        expect(await rank({ limit: 2 })).toEqual([bob, ann])
        expect(await rank({ from: { standing: 1_500, player: ann } })).toEqual([cat, dan])
        expect(await rank({ from: { standing: 1_600, player: bob }, limit: 1 })).toEqual([ann])
        expect(await rank({ from: { standing: 1_500, player: dan } })).toEqual([])
        expect(await rank({ descending: false })).toEqual([dan, cat, ann, bob])
        expect(await rank({ descending: false, from: { standing: 1_500, player: dan }, gamesMin: 3 })).toEqual([
          ann,
          bob,
        ])
        expect(await rank({ descending: false, from: { standing: 1_600, player: bob } })).toEqual([])
        expect(await rank({ board: 'none' })).toEqual([])
        // Between rows, and where nobody stands any more.
        expect(await rank({ from: { standing: 1_550, player: cat } })).toEqual([ann, cat, dan])
        expect(await rank({ descending: false, from: { standing: 1_550, player: cat } })).toEqual([bob])
      })

      it('counts all, those that are better, and those that are listed before', async () => {
        await hands.write('duel', standing(ann, 1_500, 3), standing(bob, 1_600, 3), standing(cat, 1_500, 1))
        await hands.write('other', standing(dan, 1_700, 9))
        expect([await count(0), await count(2), await count(9)]).toEqual([3, 2, 0])
        expect(await count(0, { standing: 1_500 })).toBe(1)
        expect(await count(0, { standing: 1_500, player: cat })).toBe(2)
        expect(await count(2, { standing: 1_400 })).toBe(2)
        expect(await count(0, { standing: 1_600, player: bob })).toBe(0)
        expect(await count(0, undefined, 'none')).toBe(0)
      })
    })

    describe('events', () => {
      it('keeps one as it was given, under a number that grows', async () => {
        const first = await hands.add(event('1'))
        const second = await hands.add(event('2', { board: null, at: 2_000 }))
        expect(second).toBeGreaterThan(first)
        const read = (session: SessionId) => hands.db.once((tx) => hands.store.eventOf(tx, session))
        expect(await read('session_1')).toEqual({ ...event('1'), seq: first })
        expect(await read('session_2')).toEqual({ ...event('2', { board: null, at: 2_000 }), seq: second })
        expect(await read('session_3')).toBeNull()
      })

      it('keeps what was said when it was said', async () => {
        const given = event('1', { result: { teams: [{ players: [ann], rank: 1 }] } })
        await hands.add(given, [ann])
        given.result.teams.push({ players: [bob], rank: 2 })
        const kept = await hands.db.once((tx) => hands.store.eventOf(tx, 'session_1'))
        expect(kept?.result.teams.length).toBe(1)
      })

      it('refuses a second result of a session, and a player who is named twice; nothing has changed', async () => {
        const seq = await hands.add(event('1'))
        const again = hands.add(event('1', { at: 9 }), [cat]).catch(codeOf)
        expect(await again).toBe('23505')
        expect(await hands.add(event('2'), [cat, cat]).catch(codeOf)).toBe('23505')
        expect(await list({})).toEqual([seq])
        expect(await list({ player: cat })).toEqual([])
      })

      it('lists the newest first, by player, session and board, and goes on from a number', async () => {
        const one = await hands.add(event('1'), [ann, bob])
        const two = await hands.add(event('2', { board: 'other' }), [ann, cat])
        const three = await hands.add(event('3', { board: null }), [bob])
        const four = await hands.add(event('4'), [ann])
        expect(await list({})).toEqual([four, three, two, one])
        expect(await list({ limit: 2 })).toEqual([four, three])
        expect(await list({ beforeSeq: three })).toEqual([two, one])
        expect(await list({ player: ann })).toEqual([four, two, one])
        expect(await list({ player: ann, limit: 2 })).toEqual([four, two])
        expect(await list({ player: ann, beforeSeq: four, limit: 1 })).toEqual([two])
        expect(await list({ board: 'duel' })).toEqual([four, one])
        expect(await list({ board: 'duel', beforeSeq: four })).toEqual([one])
        expect(await list({ player: ann, board: 'duel', limit: 2 })).toEqual([four, one])
        expect(await list({ player: bob, board: 'other' })).toEqual([])
        expect(await list({ session: 'session_2' })).toEqual([two])
        expect(await list({ session: 'session_2', player: cat })).toEqual([two])
        expect(await list({ session: 'session_2', player: bob })).toEqual([])
        expect(await list({ session: 'session_2', board: 'duel' })).toEqual([])
        expect(await list({ session: 'session_2', beforeSeq: two })).toEqual([])
        expect(await list({ session: 'session_9' })).toEqual([])
        expect(await list({ player: dan })).toEqual([])
      })

      it('tells those of a board in the order of the fold', async () => {
        const seqs: number[] = []
        for (const name of ['1', '2', '3']) seqs.push(await hands.add(event(name)))
        await hands.add(event('4', { board: 'other' }))
        await hands.add(event('5', { board: null }))
        const from = (after: number, limit = 10) =>
          hands.db.once(async (tx) => (await hands.store.boardEvents(tx, 'duel', after, limit)).map(({ seq }) => seq))
        expect(await from(0)).toEqual(seqs)
        expect(await from(0, 2)).toEqual(seqs.slice(0, 2))
        expect(await from(seqs[0] as number)).toEqual(seqs.slice(1))
        expect(await from(seqs[2] as number)).toEqual([])
        const [first] = await hands.db.once((tx) => hands.store.boardEvents(tx, 'duel', 0, 1))
        expect(first).toEqual({ ...event('1'), seq: seqs[0] })
      })

      it('keeps how each moved its players, and nothing of who did not play', async () => {
        const one = await hands.add(event('1'), [bob, ann, cat])
        const two = await hands.add(event('2'), [ann])
        const moved = (player: PlayerId, after: number) => ({ player, before: 1_500, after })
        const change = (...changes: ReturnType<typeof moved>[]) =>
          hands.run((tx) => hands.store.addChanges(tx, one, changes))
        await change(moved(bob, 1_400.5), moved(ann, 1_600), moved(dan, 1))
        await change()
        const read = () => hands.db.once((tx) => hands.store.changesOf(tx, [two, one]))
        expect([...(await read())]).toEqual([
          [two, []],
          [one, [moved(ann, 1_600), moved(bob, 1_400.5)]],
        ])
        await change(moved(bob, 1_450))
        expect((await read()).get(one)).toEqual([moved(ann, 1_600), moved(bob, 1_450)])
        expect(await hands.db.once((tx) => hands.store.changesOf(tx, []))).toEqual(new Map())
      })
    })

    it('adds up the stats of each player', async () => {
      await hands.run((tx) => hands.store.addStats(tx, { [ann]: { hits: 3, 'long shots': 0.5 }, [bob]: { hits: 1 } }))
      await hands.run((tx) => hands.store.addStats(tx, { [ann]: { hits: 4, falls: 1 } }))
      await hands.run((tx) => hands.store.addStats(tx, { [ann]: {} }))
      const read = (player: PlayerId) => hands.db.once((tx) => hands.store.statsOf(tx, player))
      expect(await read(ann)).toEqual({ hits: 7, 'long shots': 0.5, falls: 1 })
      expect(await read(bob)).toEqual({ hits: 1 })
      expect(await read(cat)).toEqual({})
    })

    it('remembers by which rules a board was folded', async () => {
      const read = (board: string) => hands.run((tx) => hands.store.rulesOf(tx, board))
      expect(await read('duel')).toBeNull()
      await hands.run((tx) => hands.store.setRules(tx, 'duel', 'elo'))
      expect(await read('duel')).toBe('elo')
      await hands.run((tx) => hands.store.setRules(tx, 'duel', 'glicko'))
      expect([await read('duel'), await read('other')]).toEqual(['glicko', null])
    })

    it('empties a board of standings and changes, and no other', async () => {
      const seqs: number[] = []
      for (const board of ['duel', 'other']) {
        const seq = await hands.add(event(board, { board }))
        seqs.push(seq)
        await hands.write(board, standing(ann), standing(bob))
        await hands.run((tx) => hands.store.addChanges(tx, seq, [{ player: ann, before: 1, after: 2 }]))
      }
      await hands.run((tx) => hands.store.setRules(tx, 'duel', 'elo'))
      await hands.run((tx) => hands.store.clearBoard(tx, 'duel'))
      expect([await count(0), await count(0, undefined, 'other')]).toEqual([0, 2])
      const changes = await hands.db.once((tx) => hands.store.changesOf(tx, seqs))
      expect(seqs.map((seq) => changes.get(seq)?.length)).toEqual([0, 1])
      expect(await list({ player: ann })).toEqual([...seqs].reverse())
      expect(await hands.run((tx) => hands.store.rulesOf(tx, 'duel'))).toBe('elo')
    })

    it('erases the standings and stats of a player, while what happened stays', async () => {
      const seq = await hands.add(event('1'))
      for (const board of ['duel', 'other']) await hands.write(board, standing(ann), standing(bob))
      await hands.run((tx) => hands.store.addStats(tx, { [ann]: { hits: 3, falls: 1 }, [bob]: { hits: 1 } }))
      await hands.run((tx) => hands.store.erase(tx, ann))
      await hands.run((tx) => hands.store.erase(tx, dan))
      expect(await hands.db.once((tx) => hands.store.boardsOf(tx, ann))).toEqual([])
      expect(await hands.db.once((tx) => hands.store.statsOf(tx, ann))).toEqual({})
      expect(await rank({})).toEqual([bob])
      expect(await hands.db.once((tx) => hands.store.statsOf(tx, bob))).toEqual({ hits: 1 })
      expect(await list({ player: ann })).toEqual([seq])
    })
  })
}
