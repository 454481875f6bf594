import { beforeEach, describe, expect, it } from 'vitest'
import type { Tx } from '../../platform/db.ts'
import { ann, bob, cat, codeOf, event, type Hands, standing } from './store-ground-suite.ts'

const failed = new Error('planted')

/** What holds while several are at it, and where one of them comes to nothing. */
export function resultsRacesSuite(current: () => Hands): void {
  describe('at the same time', () => {
    let hands: Hands
    beforeEach(() => {
      hands = current()
    })

    const gamesOf = async (board = 'duel') => {
      const known = await hands.db.once((tx) => hands.store.standingsOf(tx, board, [ann, bob, cat]))
      return [ann, bob, cat].map((player) => known.get(player)?.rating.games)
    }

    it('loses no game of players who meet in many results, however they are named', async () => {
      const pairs = [
        [ann, bob],
        [bob, ann],
        [cat, ann],
        [bob, cat],
      ] as const
      await Promise.all(
        Array.from({ length: 24 }, (_, index) =>
          hands.run(async (tx) => {
            const pair = pairs[index % pairs.length] as (typeof pairs)[number]
            const locked = await hands.store.lockStandings(
              tx,
              'duel',
              pair.map((player) => standing(player)),
            )
            await hands.store.addEvent(tx, event(`race${index}`), [...pair])
            const after = [...locked.values()].map(({ player, rating }) => standing(player, 1_500, rating.games + 1))
            await hands.store.writeStandings(tx, 'duel', after.reverse())
          }),
        ),
      )
      expect(await gamesOf()).toEqual([18, 18, 12])
      expect((await hands.db.once((tx) => hands.store.listEvents(tx, { limit: 50 }))).length).toBe(24)
    })

    it('sends nobody back who names the same players in another order', async () => {
      let attempts = 0
      const pairs = [
        [standing(ann), standing(bob)],
        [standing(bob), standing(ann)],
      ]
      for (const verb of ['lockStandings', 'writeStandings'] as const) {
        await Promise.all(
          [...pairs, ...pairs].map((pair) =>
            hands.run(async (tx) => {
              attempts++
              await hands.store[verb](tx, verb, pair)
            }),
          ),
        )
      }
      expect(attempts).toBe(8)
    })

    it('numbers the results of a player in the order in which the standing was held', async () => {
      const order: string[] = []
      await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map((name) =>
          hands.run(async (tx) => {
            await hands.store.lockStandings(tx, 'duel', [standing(ann)])
            order.push(`session_${name}`)
            await hands.store.addEvent(tx, event(name), [ann])
          }),
        ),
      )
      const listed = await hands.db.once((tx) => hands.store.listEvents(tx, { player: ann, limit: 10 }))
      expect(listed.map(({ session }) => session).reverse()).toEqual(order)
    })

    it('waits for who made a standing, and makes it where that came to nothing', async () => {
      const lock = () => hands.run((tx) => hands.store.lockStandings(tx, 'duel', [standing(ann)]))
      let others: Promise<unknown> = Promise.resolve()
      let done = 0
      const planted = hands.run(async (tx) => {
        await hands.store.lockStandings(tx, 'duel', [standing(ann, 1)])
        others = Promise.all([lock(), lock()].map((one) => one.finally(() => done++)))
        await hands.untilWaiting(2)
        expect(done).toBe(0)
        throw failed
      })
      await expect(planted).rejects.toBe(failed)
      expect(await others).toEqual([new Map([[ann, standing(ann)]]), new Map([[ann, standing(ann)]])])
    })

    it('makes a newcomer of who is being erased', async () => {
      await hands.write('duel', standing(ann, 1_900, 50))
      let locking: Promise<unknown> = Promise.resolve()
      await hands.run(async (tx) => {
        await hands.store.erase(tx, ann)
        locking = hands.run((other) => hands.store.lockStandings(other, 'duel', [standing(ann)]))
        await hands.untilWaiting(1)
      })
      expect(await locking).toEqual(new Map([[ann, standing(ann)]]))
    })

    it('waits for who holds a standing before it writes, erases or clears', async () => {
      await hands.write('duel', standing(ann))
      const done: string[] = []
      let others: Promise<unknown> = Promise.resolve()
      await hands.run(async (tx) => {
        await hands.store.lockStandings(tx, 'duel', [standing(ann)])
        const erasing = hands.run((other) => hands.store.erase(other, ann)).then(() => done.push('erase'))
        const clearing = hands.run((other) => hands.store.clearBoard(other, 'duel')).then(() => done.push('clear'))
        const writing = hands.write('duel', standing(ann, 7)).then(() => done.push('write'))
        others = Promise.all([erasing, clearing, writing])
        await hands.untilWaiting(3)
        expect(done).toEqual([])
        await hands.store.writeStandings(tx, 'duel', [standing(ann, 1, 1)])
      })
      await others
      expect(done.length).toBe(3)
    })

    it('takes one result of a session that are told at once', async () => {
      const told = await Promise.all(
        Array.from({ length: 8 }, (_, at) => hands.add(event('1', { at })).then(() => 'kept', codeOf)),
      )
      expect(told.filter((one) => one === 'kept').length).toBe(1)
      expect(told.filter((one) => one === '23505').length).toBe(7)
    })

    it('takes the second result where the first came to nothing', async () => {
      let second: Promise<number> = Promise.resolve(0)
      let first = 0
      const planted = hands.run(async (tx) => {
        first = await hands.store.addEvent(tx, event('1'), [ann])
        second = hands.add(event('1', { at: 2 }), [ann])
        await hands.untilWaiting(1)
        throw failed
      })
      await expect(planted).rejects.toBe(failed)
      expect(await second).toBeGreaterThan(first)
      expect(await hands.db.once((tx) => hands.store.eventOf(tx, 'session_1'))).toMatchObject({ at: 2 })
    })

    it('shares the rules among results, and changes them when no result is under way', async () => {
      await hands.run((tx) => hands.store.setRules(tx, 'duel', 'old'))
      const rules = (tx: Tx) => hands.store.rulesOf(tx, 'duel')
      let isChanged = false
      let changing: Promise<unknown> = Promise.resolve()
      await hands.run(async (tx) => {
        expect(await rules(tx)).toBe('old')
        expect(await hands.run(rules)).toBe('old')
        changing = hands
          .run((other) => hands.store.setRules(other, 'duel', 'new'))
          .then(() => {
            isChanged = true
          })
        await hands.untilWaiting(1)
        expect(isChanged).toBe(false)
        expect(await rules(tx)).toBe('old')
      })
      await changing
      expect(await hands.run(rules)).toBe('new')
    })

    it('tells the new rules to who waited for them', async () => {
      await hands.run((tx) => hands.store.setRules(tx, 'duel', 'old'))
      let reading: Promise<unknown> = Promise.resolve()
      await hands.run(async (tx) => {
        await hands.store.setRules(tx, 'duel', 'new')
        reading = hands.run((other) => hands.store.rulesOf(other, 'duel'))
        await hands.untilWaiting(1)
      })
      expect(await reading).toBe('new')
    })

    it('lets two change the rules that both have read, one after the other', async () => {
      await hands.run((tx) => hands.store.setRules(tx, 'duel', 'old'))
      let met = 0
      let meet: () => void = () => undefined
      const bothHaveRead = new Promise<void>((resolve) => {
        meet = resolve
      })
      const change = (name: string) =>
        hands.run(async (tx) => {
          const known = await hands.store.rulesOf(tx, 'duel')
          if (++met === 2) meet()
          await bothHaveRead
          await hands.store.setRules(tx, 'duel', `${known} ${name}`)
        })
      await Promise.all([change('a'), change('b')])
      // One of the two was sent back by the deadlock and read what the other had written.
      expect(met).toBe(3)
      const after = await hands.run((tx) => hands.store.rulesOf(tx, 'duel'))
      expect(['old a b', 'old b a']).toContain(after)
    })

    it('lets many set the rules of a new board', async () => {
      const names = Array.from({ length: 6 }, (_, at) => `rules${at}`)
      await Promise.all(names.map((rules) => hands.run((tx) => hands.store.setRules(tx, 'duel', rules))))
      expect(names).toContain(await hands.run((tx) => hands.store.rulesOf(tx, 'duel')))
    })

    it('counts stats that many add at once', async () => {
      await Promise.all(
        Array.from({ length: 16 }, (_, at) => {
          const [first, second] = at % 2 === 0 ? [ann, bob] : [bob, ann]
          const stats = { [first]: { hits: 1, falls: at % 2 }, [second]: { hits: 1, falls: 0 } }
          return hands.run((tx) => hands.store.addStats(tx, stats))
        }),
      )
      expect(await hands.db.once((tx) => hands.store.statsOf(tx, ann))).toEqual({ hits: 16, falls: 0 })
      expect(await hands.db.once((tx) => hands.store.statsOf(tx, bob))).toEqual({ hits: 16, falls: 8 })
    })

    it('shows a transaction what it wrote, and others nothing of it until it is done', async () => {
      await hands.write('duel', standing(ann, 1_500), standing(cat, 1_400))
      const seq = await hands.add(event('1'), [ann])
      const look = async (tx: Tx) => ({
        best: (await hands.store.listStandings(tx, { board: 'duel', gamesMin: 0, descending: true, limit: 9 })).map(
          ({ player }) => player,
        ),
        worst: (await hands.store.listStandings(tx, { board: 'duel', gamesMin: 0, descending: false, limit: 2 })).map(
          ({ player }) => player,
        ),
        better: await hands.store.countStandings(tx, 'duel', 0, { standing: 1_450 }),
        events: (await hands.store.listEvents(tx, { board: 'duel', limit: 9 })).map(({ session }) => session),
        own: (await hands.store.listEvents(tx, { player: ann, limit: 1 })).map(({ session }) => session),
        folded: (await hands.store.boardEvents(tx, 'duel', 0, 9)).length,
        changes: (await hands.store.changesOf(tx, [seq])).get(seq)?.length,
        stats: await hands.store.statsOf(tx, ann),
        boards: (await hands.store.boardsOf(tx, bob)).length,
      })
      const before = {
        ...{ best: [ann, cat], worst: [cat, ann], better: 1, boards: 0, changes: 0, stats: {}, folded: 1 },
        ...{ events: ['session_1'], own: ['session_1'] },
      }
      const after = {
        ...{
          best: [cat, ann, bob],
          worst: [bob, ann],
          better: 2,
          boards: 1,
          changes: 1,
          stats: { hits: 1 },
          folded: 2,
        },
        ...{ events: ['session_2', 'session_1'], own: ['session_2'] },
      }
      const change = async (tx: Tx) => {
        await hands.store.writeStandings(tx, 'duel', [standing(bob, 1_300), standing(cat, 1_600)])
        await hands.store.addEvent(tx, event('2'), [ann, bob])
        await hands.store.addChanges(tx, seq, [{ player: ann, before: 1, after: 2 }])
        await hands.store.addStats(tx, { [ann]: { hits: 1 } })
        expect(await look(tx)).toEqual(after)
        expect(await hands.db.once(look)).toEqual(before)
      }
      const planted = hands.run(async (tx) => {
        await change(tx)
        await hands.store.erase(tx, ann)
        await hands.store.clearBoard(tx, 'duel')
        await hands.store.setRules(tx, 'duel', 'new')
        expect(await hands.store.countStandings(tx, 'duel', 0)).toBe(0)
        throw failed
      })
      await expect(planted).rejects.toBe(failed)
      expect(await hands.db.once(look)).toEqual(before)
      expect(await hands.run((tx) => hands.store.rulesOf(tx, 'duel'))).toBeNull()
      await hands.run(change)
      expect(await hands.db.once(look)).toEqual(after)
    })
  })
}
