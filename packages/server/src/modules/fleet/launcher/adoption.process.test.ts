import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LauncherGround, launcherGround, seen } from '../../../../test/support/launcher-ground.ts'
import { isAlive } from '../../../platform/embedded-postgres/processes.ts'

describe('after a crash of Muster, the launcher', () => {
  let ground: LauncherGround
  beforeEach(async () => {
    ground = await launcherGround()
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  it('takes over a server that plays on: watches it, beats for it, stops it', async () => {
    ground.mode('ready')
    const first = await ground.muster()
    const asked = await first.ask('ready')
    await first.ready(asked!.session)
    const pid = await ground.pidOf(asked!.server)
    first.crash()
    const second = await ground.muster({ ttlS: 1, launchBeatS: 0.1 })
    const beatOf = async () => {
      const { rows } = await sql<{ at: number }>`
          select last_beat_at as at from fleet_beats where server = ${asked!.server}`.execute(ground.kysely)
      return rows[0]?.at ?? 0
    }
    const begun = await beatOf()
    await seen(async () => (await beatOf()) > begun + 1_500)
    expect(await second.view(asked!.session)).toMatchObject({ state: 'allocated', failure: null })
    expect(isAlive(pid)).toBe(true)
    await second.letGo(asked!.session)
    await ground.ended(asked!.server)
    expect(isAlive(pid)).toBe(false)
  })

  it('hears a server out that became ready meanwhile', async () => {
    ground.mode('ready')
    const first = await ground.muster({ launchPollMs: 1_000 })
    const asked = await first.ask('ready')
    await ground.pidOf(asked!.server)
    first.crash()
    const second = await ground.muster()
    await second.ready(asked!.session)
  })

  it('ends a server whose session is over', async () => {
    ground.mode('ready')
    const first = await ground.muster()
    const asked = await first.ask('ready')
    await first.ready(asked!.session)
    first.crash()
    await ground.db.transact((tx) => first.release(tx, asked!.session, 'cancelled'))
    await ground.muster()
    await ground.ended(asked!.server)
    expect(await ground.living()).toEqual([])
  })

  it('finds a process that was not written down yet', async () => {
    ground.mode('ready')
    const first = await ground.muster()
    const asked = await first.ask('ready')
    await first.ready(asked!.session)
    const pid = await ground.pidOf(asked!.server)
    first.crash()
    await sql`update fleet_processes set pid = null, start_mark = null, launcher = 'earlier'`.execute(ground.kysely)
    const second = await ground.muster()
    expect(await ground.pidOf(asked!.server)).toBe(pid)
    expect(await second.view(asked!.session)).toMatchObject({ state: 'allocated', failure: null })
  })

  it('gives up a server that was asked for but never started', async () => {
    ground.mode('ready')
    const first = await ground.muster()
    first.crash()
    const session = ground.mintId('session')
    await ground.db.transact((tx) => first.launch(tx, { session, mode: 'ready', region: null, slots: 2, brief: null }))
    const second = await ground.muster()
    expect(await second.failed(session)).toMatchObject({ state: 'gone', cause: 'lost' })
  })

  it('gives up a server that died meanwhile', async () => {
    ground.mode('ready')
    const first = await ground.muster()
    const asked = await first.ask('ready')
    await first.ready(asked!.session)
    const pid = await ground.pidOf(asked!.server)
    first.crash()
    process.kill(pid, 'SIGKILL')
    await seen(async () => !isAlive(pid))
    const second = await ground.muster()
    expect(await second.failed(asked!.session)).toMatchObject({ state: 'gone', cause: 'lost' })
    await ground.ended(asked!.server)
  })

  it('ends processes that no row knows, and leaves those of others alone', async () => {
    ground.mode('stubborn')
    const first = await ground.muster()
    const asked = await first.ask('stubborn')
    await first.ready(asked!.session)
    first.crash()
    for (const table of ['processes', 'servers', 'beats', 'allocations']) {
      await sql.raw(`delete from fleet_${table}`).execute(ground.kysely)
    }
    await ground.muster({ strayGraceS: 0.2 })
    await seen(async () => (await ground.living()).length === 0)
    expect(isAlive(process.pid)).toBe(true)
  })
})
