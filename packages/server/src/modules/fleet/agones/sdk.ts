import type { ServerId, SessionId } from '@muster/protocol'
import { type Cancel, type Clock, timeText } from '../../../platform/clock.ts'
import type { Log } from '../../../platform/log.ts'
import { draw, type Rate } from '../../../platform/socket/bucket.ts'
import type { HealthOptions } from './config.ts'
import {
  allocated,
  annotation,
  type Change,
  type Counter,
  type CounterUpdate,
  counter,
  counterOf,
  type GameServer,
  isOver,
  type List,
  label,
  list,
  listOf,
  playerCame,
  playersCapacity,
  playerWent,
  toState,
  withoutValue,
  withValue,
} from './game-server.ts'
import { type Health, watchHealth } from './health.ts'
import { SdkRefusal } from './sdk-refusal.ts'

/** What is known of a server from the start and does not change. */
export interface SdkFacts {
  server: ServerId
  session: SessionId
  instance: string
  mode: string
  region: string | null
  host: string
  port: number
  slots: number
  createdAt: number
  /** What the server is told of the session; null once it is over. */
  brief: unknown
}

/** A server as its SDK shows it. */
export interface ShownServer extends GameServer {
  facts: SdkFacts
  health: HealthOptions
}

/** What a server may say and ask, over whichever protocol. What is refused is thrown as `SdkRefusal`. */
export interface SdkCalls {
  ready(): Promise<void>
  allocate(): Promise<void>
  shutdown(): Promise<void>
  /** For so many seconds; 0 is for ever. */
  reserve(seconds: number): Promise<void>
  health(): void
  read(): ShownServer
  /** Calls at once, and after each change, until what is returned is called. */
  watch(listener: (server: ShownServer) => void): () => void
  setLabel(key: string, value: string): Promise<void>
  setAnnotation(key: string, value: string): Promise<void>
  counter(name: string): Counter
  updateCounter(update: CounterUpdate): Promise<Counter>
  list(name: string): List
  updateList(name: string, capacity: number | null, values: readonly string[] | null): Promise<List>
  addListValue(name: string, value: string): Promise<List>
  removeListValue(name: string, value: string): Promise<List>
  /** False where the player was connected already. */
  playerConnect(id: string): Promise<boolean>
  /** False where the player was not connected. */
  playerDisconnect(id: string): Promise<boolean>
  setPlayerCapacity(capacity: number): Promise<void>
}

/** What a server’s own word means for its session. */
export interface SdkListener {
  ready(): Promise<void>
  /** It is done, or unwell: the session is over, and the process is to be stopped. */
  over(cause: 'shut_down' | 'unhealthy'): Promise<void>
}

export interface SdkNeeds {
  clock: Clock
  log: Log
  facts: SdkFacts
  health: HealthOptions
  /** An earlier Muster answered it. */
  takenOver: boolean
  /** Writes down what is true from now on; false where the process has ended. */
  keep(server: GameServer): Promise<boolean>
  listener: SdkListener
}

export interface Sdk {
  readonly calls: SdkCalls
  /** Nothing is heard any more, and nothing is missed. */
  stop(): void
}

const watchersMax = 8
const changesWaitingMax = 64
const changes: Rate = { perS: 50, burstMax: 200 }
const againMs = 1_000
const reserveMaxS = 31_536_000

export function createSdk(needs: SdkNeeds, kept: GameServer): Sdk {
  const { clock, log, facts, health, keep, listener } = needs
  let now: GameServer = kept
  let fullAtMs = 0
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  let stopped = false
  let cancelReserve: Cancel = () => undefined
  const watchers = new Set<(server: ShownServer) => void>()

  const shown = (): ShownServer => ({ ...now, facts, health })

  /** One change after the other, each written down before anybody hears of it. */
  async function make(change: Change): Promise<GameServer> {
    const before = last
    const made = (async () => {
      await before.catch(() => undefined)
      const after = change(now)
      if (after === now) return now
      const next = { ...after, generation: now.generation + 1 }
      if (!(await keep(next))) throw new SdkRefusal('UNAVAILABLE', 'The game server has ended.')
      now = next
      for (const tell of watchers) tell(shown())
      return now
    })()
    last = made
    return made
  }

  /** What a server asks for of its own accord has a limit. */
  async function change(wanted: Change): Promise<GameServer> {
    const next = draw(fullAtMs, clock.now(), changes, 1)
    if (next === null || waiting >= changesWaitingMax) {
      throw new SdkRefusal('RESOURCE_EXHAUSTED', `There may be ${changes.perS} changes a second.`)
    }
    fullAtMs = next
    waiting++
    try {
      return await make(wanted)
    } finally {
      waiting--
    }
  }

  /** The session was there before the server: whoever is ready is allocated. */
  async function becomeReady(): Promise<void> {
    cancelReserve()
    const { state } = await make(toState('Ready'))
    if (state !== 'Ready') return
    await listener.ready()
    await make(allocated(timeText(clock.now())))
  }

  /** Tried until it is done, for nobody asks again. */
  function insist(what: () => Promise<unknown>, words: string): void {
    if (stopped) return
    what().catch((error: unknown) => {
      log.warn({ err: error, server: facts.server }, words)
      clock.after(againMs, () => insist(what, words))
    })
  }

  function holdReserved(): void {
    cancelReserve()
    const { state, reservedUntil } = now
    if (state !== 'Reserved' || reservedUntil === null) return
    cancelReserve = clock.after(reservedUntil - clock.now(), () => {
      if (now.state !== 'Reserved' || now.reservedUntil !== reservedUntil) return
      insist(becomeReady, 'a reserved server could not become ready; it is tried again')
    })
  }

  async function end(state: 'Shutdown' | 'Unhealthy', cause: 'shut_down' | 'unhealthy'): Promise<void> {
    cancelReserve()
    await make(toState(state))
    pulse.stop()
    await listener.over(cause)
  }

  const pulse: Health = watchHealth(clock, health, { fromFirstPing: needs.takenOver }, () => {
    log.warn({ server: facts.server, session: facts.session }, 'a server sends no health pings any more')
    insist(() => end('Unhealthy', 'unhealthy'), 'an unhealthy server could not be ended; it is tried again')
  })

  // An earlier Muster may have gone in the midst of it.
  if (now.state === 'Ready') insist(becomeReady, 'a server could not be taken for ready; it is tried again')
  if (now.state === 'Shutdown') insist(() => end('Shutdown', 'shut_down'), 'a server could not be ended')
  if (now.state === 'Unhealthy') insist(() => end('Unhealthy', 'unhealthy'), 'a server could not be ended')
  holdReserved()

  return {
    calls: {
      async ready() {
        // One process plays one session: whoever plays already is not made ready anew.
        if (now.state !== 'Allocated' && !isOver(now)) await becomeReady()
      },
      async allocate() {
        if (now.state === 'Allocated' || isOver(now)) return
        cancelReserve()
        await listener.ready()
        await make(allocated(timeText(clock.now())))
      },
      shutdown: () => end('Shutdown', 'shut_down'),
      async reserve(seconds) {
        if (seconds < 0 || seconds > reserveMaxS) {
          throw new SdkRefusal('INVALID_ARGUMENT', `Reserve for 0 to ${reserveMaxS} seconds.`)
        }
        await change(toState('Reserved', seconds === 0 ? null : clock.now() + seconds * 1_000))
        holdReserved()
      },
      health: pulse.ping,
      read: shown,
      watch(tell) {
        if (watchers.size >= watchersMax) {
          throw new SdkRefusal('RESOURCE_EXHAUSTED', `${watchersMax} may watch at once.`)
        }
        watchers.add(tell)
        tell(shown())
        return () => void watchers.delete(tell)
      },
      setLabel: async (key, value) => void (await change(label(key, value))),
      setAnnotation: async (key, value) => void (await change(annotation(key, value))),
      counter: (name) => counterOf(now, name),
      updateCounter: async (update) => counterOf(await change(counter(update)), update.name),
      list: (name) => listOf(now, name),
      updateList: async (name, capacity, values) => listOf(await change(list(name, capacity, values)), name),
      addListValue: async (name, value) => listOf(await change(withValue(name, value)), name),
      removeListValue: async (name, value) => listOf(await change(withoutValue(name, value)), name),
      async playerConnect(id) {
        let came = false
        await change((before) => {
          const after = playerCame(id)(before)
          came = after !== before
          return after
        })
        return came
      },
      async playerDisconnect(id) {
        let went = false
        await change((before) => {
          const after = playerWent(id)(before)
          went = after !== before
          return after
        })
        return went
      },
      setPlayerCapacity: async (capacity) => void (await change(playersCapacity(capacity))),
    },
    stop() {
      stopped = true
      pulse.stop()
      cancelReserve()
      watchers.clear()
    },
  }
}
