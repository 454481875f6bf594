import type { ServerId } from '@muster/protocol'
import type { SdkCalls } from '../../src/modules/fleet/agones/sdk.ts'
import { launcherMark, serverMark } from '../../src/modules/fleet/launcher/environment.ts'
import type {
  Child,
  Exit,
  Machine,
  MarkedProcess,
  ProgramRequest,
  Started,
} from '../../src/modules/fleet/launcher/machine.ts'
import { oldOf } from '../../src/modules/fleet/launcher/output-files.ts'
import type { Cancel, Clock } from '../../src/platform/clock.ts'
import { SimulatedFile } from './simulated-file.ts'

/** What a simulated program can do besides computing. Nothing of it does anything once its process has ended. */
export interface ProcessControl {
  readonly pid: number
  print(line: string): void
  exit(code: number): void
  /** From now on SIGTERM does this instead of ending the process. */
  onTerm(run: () => void): void
  after(delayMs: number, run: () => void): Cancel
  /** Called once when the process has ended, however it did. */
  onEnd(run: () => void): void
  /** The Agones SDK that is answered where its environment says, by the Muster that lives; null where none is. */
  sdk(): SdkCalls | null
  /** Starts another process of the same group, with the same environment; tells its pid. */
  fork(program: Program): number
}

/** Is called once its process runs, and lives on in what it asks for. What it throws ends it with exit code 1. */
export type Program = (environment: Readonly<Record<string, string>>, control: ProcessControl) => void

interface SimulatedProcess {
  pid: number
  group: number
  startMark: string
  environment: Readonly<Record<string, string>>
  file: SimulatedFile
  timers: Set<Cancel>
  exit: Exit | null
  onTerm: (() => void) | null
  listeners: Set<(exit: Exit) => void>
  mourners: Set<() => void>
}

export interface SimulatedMachineOptions {
  clock: Pick<Clock, 'now' | 'after'>
  /** What the first word of a command starts. */
  programs: Readonly<Record<string, Program>>
  /** Working folders there are. */
  folders?: readonly string[]
}

/** The machine as one run of Muster knows it. */
export interface AttachedMachine extends Machine {
  /** That run of Muster is no more: it is answered nothing, and told nothing. */
  cut(): void
}

/** May wait, before and after whatever a run of Muster does here; so it may also be cut in the midst of it. */
export type Step = () => Promise<void> | undefined

/**
 * A machine in memory. Its processes go on whatever becomes of the Muster that started them: each run of Muster attaches
 * to the same machine, as each start of a node finds the same operating system.
 */
export function simulatedMachine({ clock, programs, folders = [] }: SimulatedMachineOptions) {
  const living = new Map<number, SimulatedProcess>()
  const files = new Map<ServerId, SimulatedFile>()
  const strangersPorts = new Set<number>()
  const sdks = new Map<number, SdkCalls>()
  let boot = 1
  let count = 0

  function end(process: SimulatedProcess, exit: Exit): void {
    if (process.exit !== null) return
    process.exit = exit
    living.delete(process.pid)
    for (const cancel of process.timers) cancel()
    process.timers.clear()
    clock.after(0, () => {
      for (const listener of process.listeners) listener(exit)
      for (const run of process.mourners) run()
    })
  }

  /** What a process does in its own time. */
  function soon(process: SimulatedProcess, delayMs: number, run: () => void): Cancel {
    if (process.exit !== null) return () => undefined
    const cancel = clock.after(delayMs, () => {
      process.timers.delete(cancel)
      try {
        run()
      } catch (error) {
        if (process.exit === null) process.file.append(`${String(error)}\n`, clock.now())
        end(process, { code: 1, signal: null })
      }
    })
    process.timers.add(cancel)
    return () => {
      process.timers.delete(cancel)
      cancel()
    }
  }

  function spawn(program: Program, like: Pick<SimulatedProcess, 'environment' | 'file'>, group?: number) {
    const pid = 1_000 + ++count
    const process: SimulatedProcess = {
      ...{ pid, group: group ?? pid, startMark: `boot-${boot} ${count}`, environment: like.environment },
      ...{ file: like.file, timers: new Set(), exit: null, onTerm: null, listeners: new Set() },
      mourners: new Set(),
    }
    living.set(pid, process)
    const control: ProcessControl = {
      pid,
      print: (line) => {
        if (process.exit === null) process.file.append(`${line}\n`, clock.now())
      },
      exit: (code) => end(process, { code, signal: null }),
      onTerm: (run) => {
        process.onTerm = run
      },
      after: (delayMs, run) => soon(process, delayMs, run),
      onEnd: (run) => void process.mourners.add(run),
      sdk: () => sdks.get(Number(process.environment.AGONES_SDK_GRPC_PORT)) ?? null,
      fork: (child) => spawn(child, process, process.group).pid,
    }
    soon(process, 0, () => program(process.environment, control))
    return process
  }

  function signal(process: SimulatedProcess, name: NodeJS.Signals): void {
    if (name === 'SIGTERM' && process.onTerm !== null) soon(process, 0, process.onTerm)
    else end(process, { code: null, signal: name })
  }

  function signalEach(targets: readonly SimulatedProcess[], name: NodeJS.Signals): boolean {
    for (const process of targets) signal(process, name)
    return targets.length > 0
  }
  const groupOf = (group: number) => [...living.values()].filter((process) => process.group === group)
  const withPid = (pid: number) => [...living.values()].filter((process) => process.pid === pid)

  function start({ server, command: [name = ''], cwd, environment }: ProgramRequest): SimulatedProcess | Started {
    if (cwd !== undefined && !folders.includes(cwd)) {
      return { failure: 'folder_not_found', detail: `There is no folder ${cwd}.` }
    }
    const program = programs[name]
    if (program === undefined) return { failure: 'command_not_found', detail: `${name}: there is no such program` }
    const file = files.get(server) ?? new SimulatedFile(clock.now())
    files.set(server, file)
    return spawn(program, { environment, file })
  }

  const marked = (node?: string): MarkedProcess[] =>
    [...living.values()]
      .filter(({ environment }) => node === undefined || environment[launcherMark] === node)
      .map(({ pid, group, startMark, environment }) => ({
        ...{ pid, server: (environment[serverMark] ?? '') as ServerId, startMark, leads: pid === group },
      }))

  function portProblem(host: string, port: number): string | null {
    const isHeld = [...living.values()].some(
      ({ environment }) => environment.MUSTER_PORT === String(port) && environment.MUSTER_BIND_HOST === host,
    )
    return isHeld || strangersPorts.has(port) ? 'TCP: EADDRINUSE' : null
  }

  return {
    /** Its living processes, or those that a node launched. */
    living: marked,
    signal: (pid: number, name: NodeJS.Signals) => signalEach(withPid(pid), name),
    /** Somebody else listens there, until what is returned is called. */
    holdPort(port: number): () => void {
      strangersPorts.add(port)
      return () => void strangersPorts.delete(port)
    },
    /** No process outlives it; nobody is left to be told. */
    reboot() {
      boot++
      for (const process of [...living.values()]) {
        process.listeners.clear()
        end(process, { code: null, signal: 'SIGKILL' })
      }
    },
    outputOf: (server: ServerId): string => files.get(server)?.text() ?? '',

    attach(step?: Step): AttachedMachine {
      let isCut = false
      const ownSdks = new Set<number>()
      const never = () => new Promise<never>(() => undefined)
      const there = () => {
        if (isCut) throw new Error('This Muster is no more.')
      }
      async function reach<T>(act: () => T): Promise<T> {
        if (isCut) return never()
        if (step !== undefined) await step()
        if (isCut) return never()
        const done = act()
        if (step !== undefined) await step()
        return isCut ? never() : done
      }
      const childOf = (process: SimulatedProcess): Child => ({
        pid: process.pid,
        onExit(listener) {
          if (process.exit !== null) {
            listener(process.exit)
            return () => undefined
          }
          const hear = (exit: Exit) => {
            if (!isCut) listener(exit)
          }
          process.listeners.add(hear)
          return () => void process.listeners.delete(hear)
        },
      })

      return {
        cut: () => {
          isCut = true
          for (const port of ownSdks) sdks.delete(port)
        },
        prepare: () => reach(() => undefined),
        start: (request) =>
          reach((): Started => {
            const started = start(request)
            return 'pid' in started ? { child: childOf(started) } : started
          }),
        portProblem: (host, port) => reach(() => portProblem(host, port)),
        startMarkOf(pid) {
          there()
          return living.get(pid)?.startMark ?? null
        },
        marked: (node) => reach(() => marked(node)),
        signalGroup(pid, name) {
          there()
          return signalEach(groupOf(pid), name)
        },
        signalOne(pid, name) {
          there()
          return signalEach(withPid(pid), name)
        },
        usersOf: () => (isCut ? never() : Promise.resolve([])),
        endUser: () => reach(() => undefined),
        serveSdk: ({ port, calls }) =>
          reach(() => {
            if (sdks.has(port) || strangersPorts.has(port)) return { problem: 'EADDRINUSE' }
            sdks.set(port, calls)
            ownSdks.add(port)
            return {
              async close() {
                if (ownSdks.delete(port)) sdks.delete(port)
              },
            }
          }),
        outputOf: (server) => ({ open: () => reach(() => files.get(server)?.open() ?? null) }),
        removeOldOutput: (request) =>
          reach(() => {
            const kept = [...files].map(([server, file]) => ({ server, atMs: file.atMs }))
            const old = oldOf(kept, request)
            for (const server of old) files.delete(server)
            return old.length
          }),
      }
    },
  }
}

export type SimulatedMachine = ReturnType<typeof simulatedMachine>
