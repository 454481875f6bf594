import type { KeyId, PlayerId, ServerId, SessionId } from '@muster/protocol'
import { afterEach, beforeEach } from 'vitest'
import type { Claim, Registration } from '../../src/modules/fleet/domain.ts'
import type { FleetStore, LaunchRequest } from '../../src/modules/fleet/store.ts'
import type { Db, Tx } from '../../src/platform/db.ts'

export interface FleetStoreGround extends AsyncDisposable {
  db: Db
  store: FleetStore
}

export const key: KeyId = 'key_1'
export const otherKey: KeyId = 'key_2'
export const player: PlayerId = 'player_ann'
export const session = (name: string | number): SessionId => `session_${name}`

export type GivenServer = Partial<Registration> & { instance?: string; key?: KeyId; gamePort?: number; now?: number }

export const server = (id: string, over: GivenServer = {}) => ({
  ...{ id, name: id, address: '10.0.0.1', ports: { game: 7_000 }, gamePort: 7_000, capacity: 4, region: null },
  ...{ modes: ['duel'], maps: [], labels: {}, instance: `${id} run 1`, key, now: 1_000 },
  ...over,
})
export const claim = (name: string | number, over: Partial<Claim> = {}): Claim => ({
  ...{ session: session(name), mode: 'duel', region: null, slots: 2, brief: { match_id: `match_${name}` } },
  ...over,
})
export const launch = (id: string, over: Partial<LaunchRequest> = {}): LaunchRequest => ({
  ...claim(id),
  ...{ server: id, instance: `${id} run 1`, node: 'node-1', launcher: 'launcher_1', name: 'duel', host: '127.0.0.1' },
  ...{ ports: [7_000, 7_002], processesMax: 2, stopGraceMs: 10_000, readyTimeoutMs: 30_000, now: 1_000 },
  ...over,
})
export const running = (id: ServerId, pid = 77) => ({
  ...{ server: id, launcher: 'launcher_2', pid, startMark: `boot ${pid}` },
})
export const endedProcess = (id: ServerId) => ({
  ...{ server: id, exitCode: 0, exitSignal: null, output: ['bye'], now: 5_000 },
})

type Verb = Exclude<keyof FleetStore, symbol>
type Given<Name extends Verb> = FleetStore[Name] extends (tx: Tx, ...given: infer Rest) => unknown ? Rest : never

/** A store that is made anew for each test, with short words for what tests do most. */
export function freshFleetStore(open: () => Promise<FleetStoreGround>) {
  let ground: FleetStoreGround
  beforeEach(async () => {
    ground = await open()
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  /** One verb, in a transaction of its own. */
  const act = <Name extends Verb>(verb: Name, ...given: Given<Name>) =>
    ground.db.transact(
      (tx) => (ground.store[verb] as (...all: unknown[]) => unknown)(tx, ...given) as never,
    ) as ReturnType<FleetStore[Name]>

  return {
    act,
    transact: <T>(run: (tx: Tx, store: FleetStore) => Promise<T>) => ground.db.transact((tx) => run(tx, ground.store)),
    register: (...given: Parameters<typeof server>) => act('register', server(...given)),
    reserve: (...given: Parameters<typeof claim>) => act('reserve', claim(...given), 2_000),
    start: (...given: Parameters<typeof launch>) => act('launch', launch(...given)),
    read: (id: ServerId, gone = true) => act('read', id, gone),
    view: async (name: string | number) => (await act('viewOf', [session(name)])).get(session(name)),
    end: (servers: ServerId[], over: Partial<Parameters<FleetStore['end']>[1]> = {}) =>
      act('end', { servers, cause: 'silent', detail: null, now: 5_000, ...over }),
    orders: async (id: ServerId) => (await act('ordersOf', [id])).get(id),
    rows: (node = 'node-1') => act('processesOf', node),
    /** Does something in a transaction that stays open until it is let go, or undone. */
    async hold(
      run: (tx: Tx, store: FleetStore) => Promise<unknown>,
    ): Promise<{ commit(): Promise<void>; undo(): Promise<void> }> {
      let finish: (undo: boolean) => void = () => undefined
      const asked = new Promise<boolean>((resolve) => {
        finish = resolve
      })
      let opened: () => void = () => undefined
      const isOpen = new Promise<void>((resolve) => {
        opened = resolve
      })
      const done = ground.db.transact(async (tx) => {
        await run(tx, ground.store)
        opened()
        if (await asked) throw new Error('undone')
      })
      const settled = done.catch((error: unknown) => {
        if (!(error instanceof Error) || error.message !== 'undone') throw error
      })
      await Promise.race([isOpen, settled])
      const end = (undo: boolean) => {
        finish(undo)
        return settled
      }
      return { commit: () => end(false), undo: () => end(true) }
    },
  }
}

export type FreshFleetStore = ReturnType<typeof freshFleetStore>
