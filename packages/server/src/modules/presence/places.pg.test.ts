import type { PlayerId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ModuleGround, moduleGround } from '../../../test/support/module-ground.ts'
import type { Place } from './domain.ts'
import { createPlaces, type Places } from './places.ts'
import { presenceMigrations, sqlPresenceStore } from './store.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'
const e1: Place = { kind: 'entry', id: 'e1' }
const e2: Place = { kind: 'entry', id: 'e2' }
const s1: Place = { kind: 'session', id: 's1' }

describe('places', () => {
  let ground: ModuleGround
  let places: Places
  beforeEach(async () => {
    ground = await moduleGround(presenceMigrations)
    places = createPlaces(ground.db, ground.clock, sqlPresenceStore())
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  const claim = (...claims: [PlayerId, Place][]) =>
    ground.db.transact((tx) =>
      places.claim(
        tx,
        claims.map(([player, place]) => ({ player, place })),
      ),
    )

  it('refuses who is elsewhere, with where, and claims the others', async () => {
    expect(await claim([ann, e1])).toEqual([])
    expect(await claim([ann, e2], [bob, e2])).toEqual([{ player: ann, place: e1 }])
    expect(await places.of([ann, bob])).toEqual(
      new Map([
        [ann, e1],
        [bob, e2],
      ]),
    )
  })

  it('takes the same claim again, also twice in one list', async () => {
    await claim([ann, e1])
    expect(await claim([ann, e1], [ann, e1])).toEqual([])
  })

  it('refuses a claim that contradicts an earlier one of the same list', async () => {
    expect(await claim([ann, e1], [ann, e2])).toEqual([{ player: ann, place: e1 }])
    expect(await places.of([ann])).toEqual(new Map([[ann, e1]]))
  })

  it('changes nothing where the transaction comes to nothing', async () => {
    const failed = new Error('planted')
    await claim([ann, e1])
    await expect(
      ground.db.transact(async (tx) => {
        await places.move(tx, [{ player: ann, from: e1, to: s1 }])
        await places.claim(tx, [{ player: bob, place: e2 }])
        throw failed
      }),
    ).rejects.toBe(failed)
    expect(await places.of([ann, bob])).toEqual(new Map([[ann, e1]]))
  })

  it('tells who could not be moved, and lets go of who is still there', async () => {
    await claim([ann, e1])
    const moves = [ann, bob].map((player) => ({ player, from: e1, to: s1 }))
    expect(await ground.db.transact((tx) => places.move(tx, moves))).toEqual([bob])
    await ground.db.transact((tx) => places.release(tx, [{ player: ann, place: e1 }]))
    expect(await places.of([ann])).toEqual(new Map([[ann, s1]]))
    await ground.db.transact((tx) => places.release(tx, [{ player: ann, place: s1 }]))
    expect(await places.of([ann, bob])).toEqual(new Map())
  })

  it('asks nothing of the database for nobody', async () => {
    await ground.db.transact(async (tx) => {
      expect(await places.claim(tx, [])).toEqual([])
      expect(await places.move(tx, [])).toEqual([])
      await places.release(tx, [])
    })
    expect(await places.of([])).toEqual(new Map())
  })
})
