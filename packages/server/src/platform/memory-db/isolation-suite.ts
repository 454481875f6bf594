import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { meanwhile } from '../../../test/support/meanwhile.ts'
import { afterCommit, type Db, type Tx } from '../db.ts'
import type { IsolationGround, Notes } from './notes.ts'

const planted = new Error('planted')

/** How transactions meet each other, in whatever database there is. */
export function isolationSuite(name: string, open: () => Promise<IsolationGround>): void {
  describe(`isolation: ${name}`, () => {
    let ground: IsolationGround
    let db: Db
    let notes: Notes
    beforeEach(async () => {
      ground = await open()
      db = ground.db
      notes = ground.notes
    })
    afterEach(() => ground[Symbol.asyncDispose]())

    const add = (...ids: string[]) =>
      db.transact(async (tx) => {
        for (const id of ids) await notes.add(tx, { id, words: 'x' })
      })
    const all = () => db.once((tx) => notes.all(tx))
    const change = (id: string, words: string) => db.transact((tx) => notes.change(tx, id, words))
    const codeOf = (error: unknown) => (error as { code?: string }).code
    const during = <T>(run: (tx: Tx) => Promise<unknown>, others: (() => Promise<T>)[], end?: 'commit' | 'undo') =>
      meanwhile(ground, run, others, end)

    describe('a transaction', () => {
      it('sees what it wrote, and others see it only once it is committed', async () => {
        await add('a', 'b')
        await db.transact(async (tx) => {
          await notes.change(tx, 'a', 'own')
          await notes.remove(tx, 'b')
          await notes.add(tx, { id: 'c', words: 'own' })
          expect(await notes.all(tx)).toEqual(['a own', 'c own'])
          expect(await all()).toEqual(['a x', 'b x'])
        })
        expect(await all()).toEqual(['a own', 'c own'])
      })

      it('sees what others commit meanwhile', async () => {
        await add('a')
        await db.transact(async (tx) => {
          expect(await notes.read(tx, 'a')).toBe('x')
          await change('a', 'y')
          await add('b')
          expect(await notes.all(tx)).toEqual(['a y', 'b x'])
        })
      })

      it('leaves nothing behind when it comes to nothing, and nobody sees it', async () => {
        await add('a', 'b')
        const undone = db.transact(async (tx) => {
          await notes.change(tx, 'a', 'never')
          await notes.remove(tx, 'b')
          await notes.add(tx, { id: 'c', words: 'never' })
          throw planted
        })
        await expect(undone).rejects.toBe(planted)
        expect(await all()).toEqual(['a x', 'b x'])
        expect(await change('a', 'y')).toBe(true)
      })

      it('acts after its commit, when others see it, and never where there was none', async () => {
        const acted: string[] = []
        await db.transact(async (tx) => {
          afterCommit(tx, () => acted.push('first'))
          await notes.add(tx, { id: 'a', words: 'x' })
          afterCommit(tx, () => acted.push('second'))
          expect(acted).toEqual([])
        })
        const undone = db.transact(async (tx) => {
          afterCommit(tx, () => acted.push('never'))
          throw planted
        })
        await expect(undone).rejects.toBe(planted)
        await db.once(async (tx) => afterCommit(tx, () => acted.push('once')))
        expect(acted).toEqual(['first', 'second', 'once'])
      })

      it('has committed, though what follows fails', async () => {
        const acted: string[] = []
        await db.transact(async (tx) => {
          await notes.add(tx, { id: 'a', words: 'x' })
          afterCommit(tx, () => {
            throw planted
          })
          afterCommit(tx, () => acted.push('still'))
        })
        expect(acted).toEqual(['still'])
        expect(await all()).toEqual(['a x'])
      })

      it('does nothing more once a statement failed, and comes to nothing though the error was caught', async () => {
        await add('a')
        const seen: unknown[] = []
        const undone = db.transact(async (tx) => {
          afterCommit(tx, () => seen.push('acted'))
          await notes.change(tx, 'a', 'never')
          await notes.addNew(tx, { id: 'a', words: 'again' }).catch((error) => seen.push(codeOf(error)))
          await notes.read(tx, 'a').catch((error) => seen.push(codeOf(error)))
          // It holds nothing any more.
          await change('a', 'other')
        })
        await expect(undone).rejects.toThrow('rolled back instead of committed')
        expect(seen).toEqual(['23505', '25P02'])
        expect(await all()).toEqual(['a other'])
      })
    })

    describe('a row that another transaction changed', () => {
      it('is waited for, and read again as it is then', async () => {
        await add('a')
        expect(await during((tx) => notes.change(tx, 'a', 'y'), [() => change('a', 'z')])).toEqual([true])
        expect(await all()).toEqual(['a z'])
      })

      it('is as it was, where the other came to nothing', async () => {
        await add('a')
        const held = () => db.transact((tx) => notes.hold(tx, ['a'], 'x'))
        expect(await during((tx) => notes.change(tx, 'a', 'y'), [held], 'undo')).toEqual([['a']])
      })

      it('is left alone where it fits no more, and where it is gone', async () => {
        await add('a', 'b', 'c')
        const held = () => db.transact((tx) => notes.hold(tx, ['a', 'b', 'c'], 'x'))
        const run = async (tx: Tx) => {
          await notes.change(tx, 'a', 'y')
          await notes.remove(tx, 'b')
        }
        expect(await during(run, [held])).toEqual([['c']])
      })

      it('is not found by a statement that began before it fitted, or before it was there', async () => {
        await add('a')
        await change('a', 'y')
        await add('b')
        const held = () => db.transact((tx) => notes.hold(tx, ['a', 'b', 'c'], 'x'))
        const run = async (tx: Tx) => {
          await notes.change(tx, 'a', 'x')
          await notes.change(tx, 'b', 'x')
          await notes.add(tx, { id: 'c', words: 'x' })
        }
        expect(await during(run, [held])).toEqual([['b']])
      })

      it('is not taken for another one that came in its place', async () => {
        await add('a', 'b')
        const held = () => db.transact((tx) => notes.hold(tx, ['a', 'b'], 'x'))
        const run = async (tx: Tx) => {
          await notes.change(tx, 'a', 'x')
          for (const id of ['a', 'b']) {
            await notes.remove(tx, id)
            await notes.add(tx, { id, words: 'x' })
          }
        }
        expect(await during(run, [held])).toEqual([[]])
        expect(await db.transact((tx) => notes.hold(tx, ['a', 'b'], 'x'))).toEqual(['a', 'b'])
      })

      it('is held until the end, also by who only looked whether it fits', async () => {
        await add('a')
        const order: string[] = []
        let looking: Promise<unknown> | undefined
        let later: Promise<unknown> | undefined
        await db.transact(async (tx) => {
          await notes.change(tx, 'a', 'y')
          looking = db.transact(async (other) => {
            expect(await notes.hold(other, ['a'], 'x')).toEqual([])
            later = change('a', 'z').then(() => order.push('changed'))
            await ground.untilWaiting(1)
            order.push('ended')
          })
          await ground.untilWaiting(1)
        })
        await looking
        await later
        expect(order).toEqual(['ended', 'changed'])
      })

      it('is given to those who wait in the order in which they came', async () => {
        await add('a')
        const addWords = (words: string) => () => db.transact((tx) => notes.addTo(tx, { id: 'a', words }))
        const answered = await during((tx) => notes.hold(tx, ['a'], 'x'), ['1', '2', '3'].map(addWords))
        expect(answered).toEqual(['x1', 'x12', 'x123'])
      })

      it('is passed by whoever takes only what is free, in order and only so many', async () => {
        await add('a', 'b', 'c', 'd')
        await db.transact(async (tx) => {
          await notes.hold(tx, ['b'], 'x')
          expect(await db.transact((other) => notes.holdFree(other, 'x', 2))).toEqual(['a', 'c'])
          expect(await notes.holdFree(tx, 'x', 2)).toEqual(['a', 'b'])
        })
      })
    })

    describe('a row that another transaction adds', () => {
      it('is waited for by who would add it too, who then finds it', async () => {
        const run = (tx: Tx) => notes.add(tx, { id: 'a', words: 'first' })
        const second = () => db.transact((tx) => notes.add(tx, { id: 'a', words: 'second' }))
        expect(await during(run, [second, second])).toEqual([false, false])
        expect(await all()).toEqual(['a first'])
      })

      it('is added by one of them, where the other came to nothing', async () => {
        const run = (tx: Tx) => notes.add(tx, { id: 'a', words: 'first' })
        const second = () => db.transact((tx) => notes.add(tx, { id: 'a', words: 'second' }))
        expect((await during(run, [second, second], 'undo')).sort()).toEqual([false, true])
        expect(await all()).toEqual(['a second'])
      })

      it('is added to, once it is there', async () => {
        const run = (tx: Tx) => notes.add(tx, { id: 'a', words: 'first' })
        const second = () => db.transact((tx) => notes.addTo(tx, { id: 'a', words: ' second' }))
        expect(await during(run, [second])).toEqual(['first second'])
      })

      it('cannot be added a second time by who insists', async () => {
        const run = (tx: Tx) => notes.add(tx, { id: 'a', words: 'first' })
        const second = () => db.transact((tx) => notes.addNew(tx, { id: 'a', words: 'second' })).catch(codeOf)
        expect(await during(run, [second])).toEqual(['23505'])
        expect(await all()).toEqual(['a first'])
      })

      it('is neither found nor waited for by who looks for rows', async () => {
        await db.transact(async (tx) => {
          await notes.add(tx, { id: 'a', words: 'x' })
          expect(await change('a', 'y')).toBe(false)
          expect(await db.transact((other) => notes.hold(other, ['a'], 'x'))).toEqual([])
          expect(await db.transact((other) => notes.holdFree(other, 'x', 1))).toEqual([])
        })
      })
    })

    describe('adding what is there', () => {
      it('waits for who removes it, and takes its place or not', async () => {
        await add('a')
        const second = () => db.transact((tx) => notes.add(tx, { id: 'a', words: 'second' }))
        expect(await during((tx) => notes.remove(tx, 'a'), [second], 'undo')).toEqual([false])
        expect(await during((tx) => notes.remove(tx, 'a'), [second])).toEqual([true])
        expect(await all()).toEqual(['a second'])
      })

      it('takes the place of one that goes while it is waited for', async () => {
        await add('a')
        const second = () => db.transact((tx) => notes.addTo(tx, { id: 'a', words: 'second' }))
        expect(await during((tx) => notes.remove(tx, 'a'), [second])).toEqual(['second'])
      })

      it('waits for who changes it', async () => {
        await add('a')
        const second = () => db.transact((tx) => notes.add(tx, { id: 'a', words: 'second' }))
        expect(await during((tx) => notes.change(tx, 'a', 'y'), [second])).toEqual([false])
      })

      it('does not wait for who only holds it', async () => {
        await add('a')
        await db.transact(async (tx) => {
          await notes.hold(tx, ['a'], 'x')
          expect(await db.transact((other) => notes.add(other, { id: 'a', words: 'y' }))).toBe(false)
        })
      })

      it('sees what the same transaction did', async () => {
        await add('a')
        await db.transact(async (tx) => {
          expect(await notes.add(tx, { id: 'a', words: 'y' })).toBe(false)
          await notes.remove(tx, 'a')
          expect(await notes.add(tx, { id: 'a', words: 'z' })).toBe(true)
          expect(await notes.addTo(tx, { id: 'a', words: '!' })).toBe('z!')
        })
      })
    })

    describe('sharing', () => {
      it('is for many at once, and keeps changes waiting', async () => {
        await add('a')
        const answered = await during(
          async (tx) => {
            expect(await notes.share(tx, 'a')).toBe('x')
            expect(await db.transact((other) => notes.share(other, 'a'))).toBe('x')
            expect(await db.transact((other) => notes.holdFree(other, 'x', 1))).toEqual([])
          },
          [() => change('a', 'y')],
        )
        expect(answered).toEqual([true])
      })

      it('waits for a change, and sees what came of it', async () => {
        await add('a')
        const share = () => db.transact((tx) => notes.share(tx, 'a'))
        expect(await during((tx) => notes.change(tx, 'a', 'y'), [share])).toEqual(['y'])
        expect(await during((tx) => notes.remove(tx, 'a'), [share])).toEqual([null])
      })

      it('goes past those who wait to change it', async () => {
        await add('a')
        let changing: Promise<unknown> | undefined
        await db.transact(async (tx) => {
          await notes.share(tx, 'a')
          changing = change('a', 'y')
          await ground.untilWaiting(1)
          expect(await db.transact((other) => notes.share(other, 'a'))).toBe('x')
          await ground.untilWaiting(1)
        })
        expect(await changing).toBe(true)
      })

      it('lets who shares it alone change it, before those who came later', async () => {
        await add('a')
        let later: Promise<unknown> | undefined
        await db.transact(async (tx) => {
          await notes.share(tx, 'a')
          later = db.transact((other) => notes.addTo(other, { id: 'a', words: ' later' }))
          await ground.untilWaiting(1)
          expect(await notes.addTo(tx, { id: 'a', words: ' first' })).toBe('x first')
        })
        expect(await later).toBe('x first later')
      })
    })

    describe('a deadlock', () => {
      /** Two transactions, each of which goes on only when both have come so far. */
      const crossing = async (steps: ((tx: Tx) => Promise<unknown>)[][]) => {
        let attempts = 0
        let arrived = 0
        const go: (() => void)[] = []
        const bothAreHere = new Promise<void>((resolve) => void go.push(resolve))
        await Promise.all(
          steps.map(([first, second]) =>
            db.transact(async (tx) => {
              attempts++
              await first?.(tx)
              if (++arrived === steps.length) for (const one of go) one()
              await bothAreHere
              await second?.(tx)
            }),
          ),
        )
        return attempts
      }

      it('is told to one, who begins anew, and the other goes on', async () => {
        await add('a', 'b')
        const add1 = (id: string, words: string) => (tx: Tx) => notes.addTo(tx, { id, words })
        expect(
          await crossing([
            [add1('a', '1'), add1('b', '1')],
            [add1('b', '2'), add1('a', '2')],
          ]),
        ).toBe(3)
        const [a, b] = await all()
        expect([a, b].map((one) => [...(one ?? '')].sort().join('').trim())).toEqual(['12ax', '12bx'])
      })

      it('is what two who share and both want to change come to', async () => {
        await add('a')
        const share = (tx: Tx) => notes.share(tx, 'a')
        const changeIt = (words: string) => (tx: Tx) => notes.addTo(tx, { id: 'a', words })
        expect(
          await crossing([
            [share, changeIt('1')],
            [share, changeIt('2')],
          ]),
        ).toBe(3)
        expect(['a x12', 'a x21']).toContain((await all())[0])
      })

      it('is what two who add the same in another order come to', async () => {
        const addIt = (id: string) => (tx: Tx) => notes.add(tx, { id, words: 'x' })
        expect(
          await crossing([
            [addIt('a'), addIt('b')],
            [addIt('b'), addIt('a')],
          ]),
        ).toBe(3)
        expect(await all()).toEqual(['a x', 'b x'])
      })
    })
  })
}
