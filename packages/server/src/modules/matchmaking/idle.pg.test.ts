import type { EntryId, PlayerId } from '@muster/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type MatchmakingGround,
  type MatchmakingGroundOptions,
  matchmakingGround,
} from '../../../test/support/matchmaking-ground.ts'

let ground: MatchmakingGround
afterEach(() => ground[Symbol.asyncDispose]())
const open = async (given: MatchmakingGroundOptions = {}) => {
  ground = await matchmakingGround({ queues: { duel: { teams: 9 } }, ...given })
  return ground
}

describe('entries of players that vanish', () => {
  it('are closed, and those of players who ask stay', async () => {
    const { first, pass, until, count, statuses, placeOf, pushesOf } = await open({ options: { entryIdleS: 40 } })
    for (const one of ['ann', 'bob']) await first.join(one)
    for (let rounds = 0; rounds < 6; rounds++) {
      await pass(9_000)
      await first.me('ann')
    }
    // Whoever matches looks from time to time; to ask after bob would be to hear of him.
    await until(async () => (await count('matchmaking_entries', "state <> 'closed'")) === 1)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'searching', bob: 'cancelled idle' })
    expect(await placeOf('bob')).toBe('nowhere')
    expect((await pushesOf('bob')).at(-1)).toMatchObject({ data: { match_id: null, reason: 'idle', requeued: false } })
    await pass(1_500)
    expect((await first.call(null, 'GET', '/queues')).body.queues).toMatchObject([{ players_waiting: 1 }])
    await pass(60_000)
    expect(await statuses('ann')).toEqual({ ann: 'cancelled idle' })
  })

  it('stay while a socket is open, or a poll, on whatever node', async () => {
    const { first, node, pass, statuses } = await open({ options: { entryIdleS: 100 } })
    const connected: PlayerId[] = ['player_ann', 'player_eve']
    const second = await node('node-b', { connectedHere: () => connected })
    for (const one of ['ann', 'bob', 'cat']) await first.join(one)
    for (let rounds = 0; rounds < 4; rounds++) {
      const poll = second.me('bob', '?wait_s=60')
      await pass(60_500)
      await poll
    }
    expect(await statuses('ann', 'bob', 'cat')).toEqual({ ann: 'searching', bob: 'searching', cat: 'cancelled idle' })
  })

  it('count as present for as long as nothing is known, whoever matches next', async () => {
    const { first, pass, node, statuses } = await open({ options: { entryIdleS: 30 } })
    await first.join('ann')
    await pass(28_000)
    await first.me('ann')
    await first.matchmaking.stop()
    await node('node-b')
    await pass(29_000)
    expect(await statuses('ann')).toEqual({ ann: expect.stringContaining('searching') })
  })

  it('stay for ever where nobody is ever idle, but those that left unheard are found', async () => {
    const { first, pass, db, store, statusOf } = await open({ options: { entryIdleS: 0 } })
    const joined = await first.join('ann')
    await pass(1_000)
    await db.transact((tx) => store.closeSearching(tx, [joined.body.entry_id as EntryId], 'left'))
    await first.join('bob')
    await pass(2_000)
    const waiting = async () => (await first.call(null, 'GET', '/queues')).body.queues
    expect(await waiting()).toMatchObject([{ players_waiting: 2 }])
    await pass(123_000)
    expect(await waiting()).toMatchObject([{ players_waiting: 1 }])
    expect(await statusOf('bob')).toBe('searching')
  })
})

describe('entries of players that vanish where every match falls through', () => {
  const duel = { acceptTimeoutS: 0, window: { initial: 1_000 } }
  const bouncing = async (given: MatchmakingGroundOptions = {}) => {
    await open({ queues: { duel }, options: { entryIdleS: 30 }, ...given })
    for (const one of ['ann', 'bob']) await ground.first.join(one)
    return ground
  }
  const live = () => ground.count('matchmaking_entries', "state <> 'closed'")

  it('are closed though no server is ever found, and no more servers are asked for', async () => {
    const { pass, until, count, statuses, placeOf, pushesOf } = await bouncing({ servers: 0 })
    await pass(25_000)
    expect([await live(), (await count('matchmaking_matches')) > 2]).toEqual([2, true])
    await until(async () => (await live()) === 0, 60_000)
    const matches = await count('matchmaking_matches')
    await pass(20_000)
    expect(await count('matchmaking_matches')).toBe(matches)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'cancelled idle', bob: 'cancelled idle' })
    expect(await placeOf('ann')).toBe('nowhere')
    expect((await pushesOf('bob')).at(-1)).toMatchObject({ data: { reason: 'idle', requeued: false } })
  })

  it('are closed though each match finds a server, to which nobody comes', async () => {
    const { fleet, pass, sessionOf, db, store } = await bouncing({ mode: { loadingTimeoutS: 2 } })
    const ready = new Set<string>()
    for (let spent = 0; (await live()) > 0; spent += 500) {
      expect(spent).toBeLessThan(90_000)
      await pass(500)
      const due = await db.once((tx) => store.takeDue(tx, ground.clock.now() + 60_000, ground.clock.now(), 10))
      for (const { id } of due) {
        if (ready.has(id)) continue
        ready.add(id)
        fleet.printReady(await sessionOf(id))
      }
    }
    expect(ready.size).toBeGreaterThan(5)
  })

  it('stay where the players ask, and have time to ask after a match that took long', async () => {
    const { fleet, first, pass, until, matchOf, sessionOf, statuses } = await bouncing({
      mode: { loadingTimeoutS: 100 },
      servers: 1,
    })
    await pass(300)
    fleet.printReady(await sessionOf(await matchOf('ann')))
    await pass(300)
    expect(await statuses('ann', 'bob')).toEqual({ ann: 'match_confirmed', bob: 'match_confirmed' })
    await until(async () => (await ground.count('matchmaking_matches', "state = 'cancelled'")) === 1, 110_000)
    await pass(29_000)
    expect((await first.me('ann')).status).not.toBe('cancelled')
    await until(async () => (await live()) < 2, 60_000)
    const [ann, bob] = [await first.me('ann'), await first.me('bob')]
    expect([ann.status === 'cancelled', bob.status, bob.reason]).toEqual([false, 'cancelled', 'idle'])
  })
})

describe('entries of queues that there are no more', () => {
  it('are closed after a while, and the player is told', async () => {
    const { first, db, store, places, clock, pass, statusOf } = await open()
    const id: EntryId = 'entry_0'
    const entry = { id, players: ['player_ann' as const], queues: ['gone'], ratings: [0], asks: null }
    await db.transact(async (tx) => {
      await places.claim(tx, [{ player: 'player_ann', place: { kind: 'entry', id } }])
      await store.addEntries(tx, [{ ...entry, waitingSince: clock.now() }])
    })
    await pass(30_000)
    expect((await first.me('ann')).status).toBe('searching')
    await pass(35_000)
    expect(await statusOf('ann')).toBe('cancelled queue_closed')
  })
})

describe('what is kept', () => {
  it('is dropped when it has ended long ago', async () => {
    const { first, pass, clock, count, statusOf } = await open({ options: { endedKeptHours: 1, entryIdleS: 0 } })
    for (const one of ['ann', 'bob']) await first.join(one)
    await first.leave('ann')
    expect(await statusOf('ann')).toBe('cancelled left')
    await clock.advance(3_600_000)
    await pass(130_000)
    expect([await count('matchmaking_entries'), await count('matchmaking_players')]).toEqual([1, 0])
    expect((await first.me('ann')).code).toBe('ENTRY_NOT_FOUND')
  })

  it('is exported, and forgotten when the player is', async () => {
    const { first, db, pass, count, placeOf } = await open({ queues: { duel: { declinePause: { free: 0 } } } })
    const { personal } = first.matchmaking
    for (const one of ['ann', 'bob']) await first.join(one)
    await pass(500)
    await first.answer('ann', await ground.matchOf('ann'), 'decline')
    expect(await personal.exportOf('player_ann')).toMatchObject({
      entries: [{ state: 'closed', reason: 'declined', queues: ['duel'] }],
      declined_matches: { count: 1 },
    })
    await pass(20_000)
    await first.join('ann')
    await pass(500)
    await db.transact((tx) => personal.erase(tx, 'player_ann'))
    expect(await placeOf('ann')).toBe('nowhere')
    expect(await count('matchmaking_players', "player = 'player_ann'")).toBe(0)
    expect((await first.me('bob')).status).toBe('searching')
    await db.transact((tx) => personal.erase(tx, 'player_bob'))
    expect([await placeOf('bob'), await count('matchmaking_entries', "state <> 'closed'")]).toEqual(['nowhere', 0])
  })
})
