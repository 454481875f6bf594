import { Refusal, type SessionId } from '@muster/protocol'
import { type FleetOptions, fleetOptions, type LaunchSource, launchSource } from '../../src/modules/fleet/config.ts'
import { createFleet } from '../../src/modules/fleet/index.ts'
import { memoryFleetStore } from '../../src/modules/fleet/memory-store/index.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { idMint } from '../../src/platform/ids.ts'
import { type Log, silentLog } from '../../src/platform/log.ts'
import { MemoryEngine, type MemoryTx, memoryDb } from '../../src/platform/memory-db/index.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { readOptions } from '../../src/platform/options.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { createSecrets } from '../../src/platform/secrets.ts'
import { memorySoftState } from '../../src/platform/soft-state-memory.ts'
import { createWakes } from '../../src/platform/wakes.ts'
import { launchedAs } from './launched-as.ts'
import { simulatedClock } from './simulated-clock.ts'
import { type Program, simulatedMachine } from './simulated-machine.ts'

const node = 'node-1'
const never = () => new Promise<never>(() => undefined)

interface Mishaps {
  /** It dies at this of its steps: before, within or after a transaction, or whatever it does on its machine. */
  crashAt?: number | undefined
  /** The database fails at this of its steps: before, within or after a transaction. */
  failAt?: number | undefined
}

/** One run of Muster, which may die at any of its steps: it does nothing more, and its open transactions come to nothing. */
function mortal(clock: Clock, { crashAt, failAt }: Mishaps) {
  const open = new Set<MemoryTx>()
  let steps = 0
  let databaseSteps = 0
  let alive = true
  let tellCrash = () => undefined as unknown
  const crashed = new Promise<void>((resolve) => {
    tellCrash = resolve
  })
  function crash() {
    alive = false
    for (const tx of [...open]) tx.rollback()
    tellCrash()
  }
  const step = (): Promise<void> | undefined => {
    if (alive && ++steps === crashAt) crash()
    return alive ? undefined : never()
  }
  const ownClock: Clock = {
    now: () => clock.now(),
    after: (delayMs, run) =>
      clock.after(delayMs, () => {
        if (alive) run()
      }),
  }
  return {
    ...{ clock: ownClock, crash, crashed, step },
    isAlive: () => alive,
    hasFailed: () => failAt !== undefined && databaseSteps >= failAt,
    interrupt(point: 'begin' | 'commit' | 'committed', tx: MemoryTx) {
      if (point === 'committed') open.delete(tx)
      else open.add(tx)
      if (alive && ++databaseSteps === failAt) {
        open.delete(tx)
        throw new Refusal(point === 'begin' ? 'UNAVAILABLE' : 'OUTCOME_UNKNOWN')
      }
      const wait = step()
      // Whatever still runs of a dead Muster holds nothing that others wait for.
      if (wait !== undefined) tx.rollback()
      return wait
    },
  }
}

export type RunOptions = Partial<FleetOptions> & Mishaps & { log?: Log }

/** The real fleet on a database, a machine and a clock in memory: runs of one node, one after the other. Modes whose names
 *  begin with `netcode` have that transport. */
export async function simulatedFleetGround(programs: Readonly<Record<string, Program>>) {
  const clock = simulatedClock()
  const random = seededRandom(1)
  const engine = new MemoryEngine()
  const db = memoryDb(engine, { clock, random })
  const store = memoryFleetStore()
  const soft = memorySoftState(clock)
  const machine = simulatedMachine({ clock, programs })
  const mintId = idMint(clock, (count) => Uint8Array.from({ length: count }, () => Math.floor(random.fraction() * 256)))
  const modes = new Map<string, LaunchSource>()
  for (const name of Object.keys(programs)) mode(name)

  function mode(name: string, over: Partial<LaunchSource> = {}) {
    const usual = { command: [name], ports: [7_000, 7_009], processesMax: 10, lingerS: 0 }
    modes.set(name, readOptions(launchSource, { ...usual, ...over }, 'the test'))
  }
  const view = async (session: SessionId) => (await db.once((tx) => store.viewOf(tx, [session]))).get(session)

  return {
    ...{ clock, db, store, machine, mintId, mode, view, engine },
    /** The processes that should be there, as they are written down. */
    written: () => db.once((tx) => store.processesOf(tx, node)),
    read: (server: string) => db.once((tx) => store.read(tx, server, true)),
    letGo: (session: SessionId) => db.transact((tx) => store.release(tx, session, 'completed', clock.now())),
    async muster({ crashAt, failAt, log = silentLog, ...options }: RunOptions = {}) {
      const life = mortal(clock, { crashAt, failAt })
      const attached = machine.attach(life.step)
      void life.crashed.then(attached.cut)
      const ownDb = memoryDb(engine, { clock: life.clock, random, interrupt: life.interrupt })
      const wakes = await createWakes({ clock: life.clock, soft, log: silentLog, node: mintId('run') })
      const fleet = createFleet(
        {
          ...{ clock: life.clock, random, mintId, db: ownDb, store, machine: attached, wakes, node },
          hasMode: () => true,
          ...{
            log,
            metrics: createMetrics({ process: false }),
            secrets: createSecrets(Buffer.alloc(32, 7)),
          },
          ...{ dataDir: '/nowhere', apiUrl: () => 'http://127.0.0.1:3000', environment: {} },
          launchSourceOf: (name) => modes.get(name) ?? null,
          netcodeOf: (name) => (name.startsWith('netcode') ? { protocolId: 1n, internalHost: null } : null),
        },
        readOptions(fleetOptions, options, 'the test'),
      )
      await Promise.race([fleet.start(), life.crashed])
      return Object.assign(fleet, {
        ...{ crash: life.crash, isAlive: life.isAlive, hasFailed: life.hasFailed },
        async ask(name: string, session = mintId('session')) {
          const claim = { session, mode: name, region: null, slots: 2, brief: { match_id: 'match_1' } }
          try {
            return await launchedAs(ownDb.transact((tx) => fleet.launch(tx, claim)))
          } catch (error) {
            // The dead answer nobody.
            if (!life.isAlive()) return never()
            throw error
          }
        },
      })
    },
  }
}

export type SimulatedFleetGround = Awaited<ReturnType<typeof simulatedFleetGround>>
