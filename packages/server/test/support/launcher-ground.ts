import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { type FleetOptions, fleetOptions, type LaunchSource, launchSource } from '../../src/modules/fleet/config.ts'
import { createFleet, type Fleet, fleetMigrations } from '../../src/modules/fleet/index.ts'
import { signalOne } from '../../src/modules/fleet/launcher/child.ts'
import { lookForIsolation } from '../../src/modules/fleet/launcher/isolation.ts'
import { processTable } from '../../src/modules/fleet/launcher/process-table.ts'
import { serverUsers } from '../../src/modules/fleet/launcher/server-users.ts'
import { sleep, systemClock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'
import { idMint } from '../../src/platform/ids.ts'
import type { Log } from '../../src/platform/log.ts'
import { readOptions } from '../../src/platform/options.ts'
import { launchedAs } from './launched-as.ts'
import { moduleGround } from './module-ground.ts'

export const fixture = fileURLToPath(new URL('../fixtures/game-server.mjs', import.meta.url))
const mintId = idMint(systemClock)
const withinMs = 20_000

/** Looks again and again until there is something to see. */
export async function seen<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  const until = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > until) throw new Error(`It was not seen within ${withinMs} ms.`)
    await sleep(systemClock, 20)
  }
}

/** A database that a crashed Muster can no longer reach. */
function cuttable(db: Db): Db & { cut(): void } {
  let isCut = false
  const reach = () => {
    if (isCut) throw new Error('This Muster has crashed.')
  }
  return {
    transact: async (run) => {
      reach()
      return db.transact(run)
    },
    once: async (run) => {
      reach()
      return db.once(run)
    },
    cut: () => {
      isCut = true
    },
  }
}

/** Ports of this test file's own, below those that systems give out by themselves. */
let nextBase = 21_000 + (process.pid % 400) * 20

/** Fleets of one machine, one after the other, that launch real processes; whatever is left of them is killed. */
export async function launcherGround() {
  const ground = await moduleGround(fleetMigrations)
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-fleet-'))
  const node = `node-${mintId('test')}`
  const isolationFolder = join(dataDir, 'users')
  const path = process.env.PATH
  await chmod(dataDir, 0o711)
  const looked = await lookForIsolation(readOptions(fleetOptions, { isolationFolder }, 'the test'), path)
  const users = looked.users === null ? null : serverUsers(looked.users)
  const table = processTable(users)
  const base = nextBase
  nextBase += 20
  const opened: Fleet[] = []
  const modes = new Map<string, LaunchSource>()

  return {
    ...ground,
    ...{ dataDir, node, base, mintId, isolation: looked, users, path },
    mode(name: string, over: Partial<LaunchSource> = {}) {
      const usual = { command: [process.execPath, fixture, name], ports: [base, base + 9], processesMax: 4 }
      modes.set(name, readOptions(launchSource, { ...usual, lingerS: 0, stopGraceS: 1, ...over }, 'the test'))
    },
    async muster(options: Partial<FleetOptions> = {}, log: Log = ground.log) {
      const db = cuttable(ground.db)
      const read = { launchLookS: 0.05, launchScanS: 0.5, sweepEveryS: 0.1, isolationFolder, ...options }
      const fleetWith = readOptions(fleetOptions, read, 'the test')
      const fleet = createFleet(
        {
          ...{ ...ground, clock: systemClock, mintId, db, node, dataDir, log },
          apiUrl: () => 'http://127.0.0.1:3000',
          environment: { PATH: path, SECRET_OF_MUSTER: 'not for children' },
          hasMode: (mode) => modes.has(mode),
          launchSourceOf: (mode) => modes.get(mode) ?? null,
          // What is found does not change, and a Muster that takes long to start would find its servers gone.
          isolation: options.isolation === undefined ? looked : await lookForIsolation(fleetWith, path),
        },
        fleetWith,
      )
      await fleet.start()
      opened.push(fleet)
      return Object.assign(fleet, {
        crash: db.cut,
        ask(mode: string, session = mintId('session')) {
          const claim = { session, mode, region: null, slots: 2, brief: { match_id: 'match_1' } }
          return launchedAs(db.transact((tx) => fleet.launch(tx, claim)))
        },
        letGo: (session: SessionId) => db.transact((tx) => fleet.release(tx, session, 'completed')),
        async view(session: SessionId) {
          return (await fleet.viewOf([session])).get(session) ?? null
        },
        ready: (session: SessionId) =>
          seen(async () => {
            const view = (await fleet.viewOf([session])).get(session)
            if (view?.failure) throw new Error(view.failure)
            return view?.ready === true && view
          }),
        failed: (session: SessionId) =>
          seen(async () => {
            const view = (await fleet.viewOf([session])).get(session)
            return view?.failure !== null && view
          }),
      })
    },
    pidOf: (server: string) =>
      seen(async () => {
        const { rows } = await sql<{ pid: number | null }>`
          select pid from fleet_processes where server = ${server}`.execute(ground.kysely)
        return rows[0]?.pid
      }),
    ended: (server: string) =>
      seen(async () => {
        const { rows } = await sql<{ ended_at: number | null; exit_code: number | null; exit_signal: string | null }>`
          select ended_at, exit_code, exit_signal from fleet_processes where server = ${server}`.execute(ground.kysely)
        return rows[0]?.ended_at ? rows[0] : null
      }),
    rowOf: async (server: string) => {
      const { rows } = await sql<{ state: string; gone_cause: string | null; gone_detail: string | null }>`
        select state, gone_cause, gone_detail from fleet_servers where id = ${server}`.execute(ground.kysely)
      return rows[0]
    },
    living: () => table.marked(node),
    async [Symbol.asyncDispose]() {
      for (const fleet of opened) await fleet.stop('keep')
      for (const { pid } of await table.marked(node)) signalOne(pid, 'SIGKILL')
      await ground[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export type LauncherGround = Awaited<ReturnType<typeof launcherGround>>
