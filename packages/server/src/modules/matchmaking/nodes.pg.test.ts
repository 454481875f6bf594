import { type EntryId, Refusal } from '@muster/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type MatchmakingGround,
  type MatchmakingGroundOptions,
  matchmakingGround,
} from '../../../test/support/matchmaking-ground.ts'
import type { Db } from '../../platform/db.ts'
import { createLeases } from '../../platform/lease.ts'
import type { SoftState } from '../../platform/soft-state.ts'
import { createWakes } from '../../platform/wakes.ts'

let ground: MatchmakingGround
afterEach(() => ground[Symbol.asyncDispose]())
const open = async (given: MatchmakingGroundOptions = {}) => {
  ground = await matchmakingGround({ ...given, options: { whyWaitMs: 200, ...given.options } })
  await ground.pass(100)
  return ground
}
const holdsLease = async (node: { metrics: MatchmakingGround['first']['metrics'] }) =>
  (await node.metrics.registry.metrics()).includes('\nmuster_matchmaking_lease_held 1')

/** The same database for a process that stops in the middle of what it does, and goes on later. */
function pausable(db: Db) {
  let paused: { until: Promise<void>; goOn: () => void } | null = null
  const wait = async <T>(work: () => Promise<T>): Promise<T> => {
    await paused?.until
    return work()
  }
  return {
    db: {
      transact: (run) => wait(() => db.transact(run)),
      once: (run) => wait(() => db.once(run)),
    } satisfies Db,
    pause() {
      let goOn: () => void = () => undefined
      const until = new Promise<void>((resolve) => {
        goOn = resolve
      })
      paused = { until, goOn }
    },
    goOn() {
      paused?.goOn()
      paused = null
    },
  }
}

/** The same database for a process whose next transaction fails: before it begins, or after it was committed. */
function failing(db: Db) {
  let next: 'before' | 'after' | null = null
  let failures = 0
  const transact: Db['transact'] = async (run) => {
    const when = next
    next = null
    const lost = new Refusal('OUTCOME_UNKNOWN')
    if (when !== null) failures++
    if (when === 'before') throw lost
    const value = await db.transact(run)
    if (when === 'after') throw lost
    return value
  }
  return {
    db: { transact, once: (run) => db.once(run) } satisfies Db,
    failNext: (when: 'before' | 'after') => {
      next = when
    },
    failures: () => failures,
  }
}

describe('a database that fails', () => {
  it.each(['before', 'after'] as const)(
    'loses nobody %s a match was written, and matches nobody twice',
    async (when) => {
      ground = await matchmakingGround()
      await ground.first.matchmaking.stop()
      const { db, failNext, failures } = failing(ground.db)
      const node = await ground.node('node-b', { db, leases: createLeases(ground.db, ground.clock) })
      await ground.pass(1_500)
      for (const one of ['ann', 'bob']) await node.join(one)
      failNext(when)
      await ground.pass(3_000)
      expect(failures()).toBe(1)
      expect([await ground.count('matchmaking_matches'), await ground.count('matchmaking_entries')]).toEqual([1, 2])
      expect([(await node.me('ann')).status, (await node.me('bob')).status]).toEqual(['match_found', 'match_found'])
      for (const one of ['cat', 'dan']) await node.join(one)
      await ground.pass(1_000)
      expect(await ground.count('matchmaking_matches')).toBe(2)
    },
  )

  it('knows an entry whose writing it did not hear of', async () => {
    ground = await matchmakingGround()
    await ground.first.matchmaking.stop()
    const { db, failNext } = failing(ground.db)
    const node = await ground.node('node-b', { db, leases: createLeases(ground.db, ground.clock) })
    await ground.pass(1_500)
    failNext('after')
    expect(await node.join('ann')).toMatchObject({ status: 503, body: { code: 'OUTCOME_UNKNOWN' } })
    expect((await node.join('ann')).body.code).toBe('ALREADY_SEARCHING')
    await node.join('bob')
    await ground.pass(2_000)
    expect([(await node.me('ann')).status, (await node.me('bob')).status]).toEqual(['match_found', 'match_found'])
  })
})

describe('several nodes on one database', () => {
  it('one matches, whoever lets the players in', async () => {
    const { first, pass, node, count } = await open()
    const second = await node('node-b')
    await pass(2_000)
    expect([await holdsLease(first), await holdsLease(second)]).toEqual([true, false])
    await second.join('ann')
    await first.join('bob')
    await pass(400)
    const found = await second.me('ann')
    expect(found.status).toBe('match_found')
    const { match_id } = found.offer as { match_id: string }
    await first.answer('ann', match_id, 'accept')
    await second.answer('bob', match_id, 'accept')
    expect(await count('sessions_sessions')).toBe(1)
  })

  it('another takes over at once from who stops, and within seconds from who dies', async () => {
    const { first, pass, node, leases } = await open()
    await first.join('ann')
    await first.matchmaking.stop()
    const second = await node('node-b')
    await pass(1_500)
    expect(await holdsLease(second)).toBe(true)
    await second.matchmaking.stop()
    // One that died holds the lease to its end.
    await leases.acquire('matchmaking', 'node-dead', 4_000)
    const third = await node('node-c')
    await third.join('bob')
    await pass(3_500)
    expect(await holdsLease(third)).toBe(false)
    await pass(3_000)
    expect(await holdsLease(third)).toBe(true)
    expect([(await third.me('ann')).status, (await third.me('bob')).status]).toEqual(['match_found', 'match_found'])
  })

  it('a holder that was paused makes no match once another has taken over', async () => {
    ground = await matchmakingGround()
    await ground.first.matchmaking.stop()
    const { db, pause, goOn } = pausable(ground.db)
    const slow = await ground.node('node-slow', { db, leases: createLeases(db, ground.clock) })
    await ground.pass(1_500)
    expect(await holdsLease(slow)).toBe(true)
    await slow.join('ann')
    // It is stopped right before it writes the match of these two.
    const joined = slow.join('bob')
    await ground.quiet()
    await joined
    pause()
    await ground.pass(1_000)
    const other = await ground.node('node-b')
    await ground.pass(6_000)
    expect(await holdsLease(other)).toBe(true)
    const before = await other.me('ann')
    expect(before.status).toBe('match_found')
    goOn()
    await ground.pass(3_000)
    expect(await ground.count('matchmaking_matches')).toBe(1)
    expect((await other.me('ann')).offer).toMatchObject({ match_id: (before.offer as { match_id: string }).match_id })
    expect(await holdsLease(slow)).toBe(false)
  })

  it('refuses the loser’s matches by its old fence, also where nobody else has matched them', async () => {
    const { first, pass, leases, kysely, count } = await open()
    await first.join('ann')
    await pass(300)
    // Somebody takes the lease over behind its back, and does nothing with it.
    await kysely
      .updateTable('platform_leases' as never)
      .set({ ends_at: 0 } as never)
      .execute()
    await leases.acquire('matchmaking', 'node-thief', 60_000)
    await first.join('bob')
    await pass(600)
    expect(await count('matchmaking_matches')).toBe(0)
    expect(await count('matchmaking_entries', "state = 'searching'")).toBe(2)
  })

  it('finds those of whom no hint told', async () => {
    const { node, pass, soft, clock, log } = await open()
    const mute: SoftState = { ...soft, publish: async () => undefined, get: async () => null }
    const wakes = await createWakes({ clock, soft: mute, log, node: 'node-mute' })
    const second = await node('node-mute', { wakes, soft: mute, onMessage: () => undefined })
    for (const one of ['ann', 'bob']) await second.join(one)
    await pass(2_500)
    expect([(await second.me('ann')).status, (await second.me('bob')).status]).toEqual(['match_found', 'match_found'])
  })

  it('finds who joined in a transaction that ended after later ones', async () => {
    const { unwatched, store, places, pass, first, clock } = await open()
    let goOn: () => void = () => undefined
    const waits = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const id: EntryId = 'entry_slow'
    const entry = { id, players: ['player_ann' as const], queues: ['duel'], ratings: [0], asks: null }
    const late = unwatched.transact(async (tx) => {
      await places.claim(tx, [{ player: 'player_ann', place: { kind: 'entry', id } }])
      await store.addEntries(tx, [{ ...entry, waitingSince: clock.now() }])
      await waits
    })
    await pass(500)
    for (const one of ['bob', 'cat', 'dan']) await first.join(one)
    await pass(5_000)
    goOn()
    await late
    await pass(2_000)
    expect((await first.me('ann')).status).toBe('match_found')
  })

  it('says on every node why an entry waits', async () => {
    const { node, pass, first } = await open({ queues: { duel: { board: 'duel' } } })
    const second = await node('node-b')
    await first.join('ann')
    await pass(3_000)
    const why = { queue: 'duel', reason: 'TOO_FEW_PLAYERS', window: { low: 1_370, high: 1_630 }, candidates: 0 }
    expect((await first.me('ann')).why).toEqual([
      { ...why, detail: '1 more player must join this queue.', widens_at: expect.any(String) },
    ])
    expect((await second.me('ann')).why).toEqual((await first.me('ann')).why)
  })

  it('says roughly why where the one that matches does not answer', async () => {
    const { node, first, pass, clock, leases } = await open({ queues: { duel: { board: 'duel' } } })
    await first.matchmaking.stop()
    await leases.acquire('matchmaking', 'node-dead', 60_000)
    const second = await node('node-b')
    await second.join('ann')
    await pass(1_000)
    const asked = second.me('ann')
    await ground.quiet()
    await clock.advance(300)
    const answered = await asked
    expect(answered.why).toMatchObject([{ reason: 'TOO_FEW_PLAYERS', window: { low: 1_390, high: 1_610 } }])
  })

  it('wakes a poll on another node', async () => {
    const { node, pass, first } = await open()
    const second = await node('node-b')
    await second.join('ann')
    await pass(500)
    let answered = false
    const poll = second.me('ann', '?wait_s=25').then((body) => {
      answered = true
      return body
    })
    await pass(1_000)
    expect(answered).toBe(false)
    await first.join('bob')
    await pass(400)
    expect((await poll).status).toBe('match_found')
  })

  it('goes on after the soft state was emptied', async () => {
    const { node, pass, soft, first } = await open()
    const second = await node('node-b')
    await second.join('ann')
    await pass(500)
    for (const key of ['matchmaking:queues', 'matchmaking:why:x']) await soft.remove(key)
    expect((await second.call(null, 'GET', '/queues')).status).toBe(200)
    await second.join('bob')
    await pass(1_500)
    expect((await first.me('ann')).status).toBe('match_found')
  })
})
