import type { Cancel, Clock } from '../../../platform/clock.ts'
import type { Log } from '../../../platform/log.ts'
import type { Child, Exit, Machine } from './machine.ts'
import { type Output, readinessIn } from './output.ts'

/** What the watch tells. Each is told again until it has been taken. */
export interface WatchListener {
  /** False where it cannot be played there: the server is to be stopped. */
  ready(port: number | null): Promise<boolean>
  /** The time to become ready is over. False where it turns out to be ready. */
  overdue(): Promise<boolean>
  /** Nothing is told after it. */
  ended(exit: Exit): Promise<void>
}

export interface WatchRequest {
  pid: number
  startMark: string
  /** Null for a process that an earlier Muster started. */
  child: Child | null
  output: Output
  ready: boolean
  readyBy: number
  stopGraceMs: number
}

/** One process, followed until it ends. */
export interface Watch {
  readonly pid: number
  readonly startMark: string
  readonly output: Output
  readonly stopGraceMs: number
  readonly stopping: boolean
  readonly ready: boolean
  /** It is known to be ready, from wherever. */
  noteReady(): void
  /** Asks the process group to end, and kills it when the grace is over. */
  stop(): void
  /** Lets the process be. */
  leave(): void
}

export interface WatchNeeds {
  clock: Clock
  log: Log
  machine: Machine
  /** How often it looks while the process starts or stops, and otherwise. */
  fastMs: number
  slowMs: number
}

export function watchProcess(needs: WatchNeeds, request: WatchRequest, listener: WatchListener): Watch {
  const { clock, log, machine } = needs
  const { pid, startMark, child, output } = request
  let { ready } = request
  /** The server has said it is ready, but it is not written down yet. */
  let said: { port: number | null } | null = null
  let killAt: number | null = null
  let killed = false
  let exit: Exit | null = null
  let over = false
  let running = false
  let again = false
  let cancel: Cancel = () => undefined

  function signal(name: NodeJS.Signals): void {
    try {
      machine.signalGroup(pid, name)
    } catch (error) {
      log.warn({ err: error, pid, signal: name }, 'a server could not be signalled')
    }
  }

  async function step(): Promise<void> {
    for (const line of await output.read(!ready && said === null)) {
      const port = readinessIn(line)
      if (port !== undefined) said ??= { port }
    }
    if (exit === null && child === null && machine.startMarkOf(pid) !== startMark) exit = { code: null, signal: null }
    if (exit !== null) {
      await listener.ended(exit)
      over = true
      return
    }
    if (said !== null && !ready) {
      ready = await listener.ready(said.port)
      said = null
      if (!ready) stop()
    }
    const now = clock.now()
    if (!ready && killAt === null && now >= request.readyBy) {
      if (await listener.overdue()) stop()
      else ready = true
    }
    if (killAt !== null && now >= killAt && !killed) {
      killed = true
      signal('SIGKILL')
    }
  }

  function look(): void {
    cancel()
    if (over) return
    if (running) {
      again = true
      return
    }
    running = true
    again = false
    step()
      .catch((error: unknown) => log.warn({ err: error, pid }, 'a server could not be looked after; it is tried again'))
      .then(() => {
        running = false
        if (over) return
        if (again) return look()
        const isCalm = ready && killAt === null && !output.overflowing
        cancel = clock.after(isCalm ? needs.slowMs : needs.fastMs, look)
      })
  }

  function stop(): void {
    if (killAt !== null || over) return
    killAt = clock.now() + request.stopGraceMs
    signal('SIGTERM')
    look()
  }

  const noteExit = (seen: Exit) => {
    if (over) return
    exit = seen
    // What it started is left without a purpose. Nobody can have got this group's number in the meantime.
    signal('SIGKILL')
    look()
  }
  const unhear = child?.onExit(noteExit)
  if (exit === null) look()

  return {
    pid,
    startMark,
    output,
    stopGraceMs: request.stopGraceMs,
    get stopping() {
      return killAt !== null
    },
    get ready() {
      return ready
    },
    noteReady: () => {
      ready = true
    },
    stop,
    leave() {
      over = true
      cancel()
      unhear?.()
    },
  }
}
