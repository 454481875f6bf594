import type { ServerId } from '@muster/protocol'
import type { Clock } from '../../../platform/clock.ts'
import type { Log } from '../../../platform/log.ts'
import type { SdkCalls } from '../agones/sdk.ts'
import type { Ending } from '../domain.ts'
import type { Limits } from './isolation.ts'
import type { TakenUser } from './server-users.ts'

/**
 * What the launcher wants of the machine it runs on: programs, processes, ports, and the files that programs print to.
 * Everything that reaches beyond Muster's own process and its database goes through here, so that a machine can be
 * simulated.
 */
export interface Machine {
  /** Makes room for what programs print; fails where there can be none. Removes what nobody will come back for. */
  prepare(now: number): Promise<void>
  /** Starts a program at the head of a process group of its own. It prints to the server's output file and plays on when
   *  Muster goes. */
  start(request: ProgramRequest): Promise<Started>
  /** Whether a server could listen there now, over TCP and over UDP; else what stands in the way. */
  portProblem(host: string, port: number): Promise<string | null>
  /** Tells this process from a later one with the same pid; null where nobody lives under it. */
  startMarkOf(pid: number): string | null
  /** Processes that this node launched, as far as they can be told by their marks. */
  marked(node: string): Promise<MarkedProcess[]>
  /** Sends a signal to a process and whatever it started; false where nobody is left. */
  signalGroup(pid: number, signal: NodeJS.Signals): boolean
  signalOne(pid: number, signal: NodeJS.Signals): boolean
  /** Servers of this node that were given a user of their own, with what runs as it; none where there is no such thing. */
  usersOf(node: string): Promise<TakenUser[]>
  /** Kills whatever runs as the server's own user, wherever it hid. Takes the user back if nobody is left. */
  endUser(server: ServerId): Promise<void>
  /** Answers a launched server's own Agones SDK on a port of loopback; else what stands in the way. Whoever is not of the
   *  server is refused, as far as this machine can tell. */
  serveSdk(request: SdkRequest): Promise<SdkPort | { problem: string }>
  outputOf(server: ServerId): OutputFile
  removeOldOutput(request: OldOutput): Promise<number>
}

export interface ProgramRequest {
  server: ServerId
  /** The program and its arguments; no shell reads them. */
  command: readonly string[]
  cwd: string | undefined
  /** The whole of it. */
  environment: Record<string, string>
  /** Variables of it that are to name a folder of the server's own instead, where it is given one. */
  folderVariables: readonly string[]
  limits: Limits
}

export interface SdkRequest {
  clock: Clock
  log: Log
  port: number
  calls: SdkCalls
  /** Whose processes alone may speak; null where any of this machine may. */
  owner: SdkOwner | null
}

export interface SdkOwner {
  node: string
  server: ServerId
  /** The process itself; null while it is not known. */
  pid(): number | null
}

export interface SdkPort {
  /** Nothing answers there afterwards. */
  close(): Promise<void>
}

export type Started = { child: Child } | { failure: Ending; detail: string }

/** A process that this very Muster started, so that it is told how it ends. */
export interface Child {
  readonly pid: number
  /** Called once, at once where it has ended already, and never after what is returned was called. */
  onExit(listener: (exit: Exit) => void): () => void
}

export interface Exit {
  /** Null where it is not known: somebody else's child, or ended by a signal. */
  code: number | null
  signal: string | null
}

/** A living process that bears the marks of a launched server, as its children do. */
export interface MarkedProcess {
  pid: number
  server: ServerId
  startMark: string
  /** It leads its process group: the launched process itself, not one that it started. */
  leads: boolean
}

/** What a program appends to. */
export interface OutputFile {
  /** Null where nothing was ever printed. Whoever opens it closes it. */
  open(): Promise<OpenOutput | null>
}

export interface OpenOutput {
  size(): Promise<number>
  /** At most so many bytes from there on; none at the end. */
  read(position: number, bytesMax: number): Promise<Uint8Array>
  /** Whoever appends to it goes on at its new end. */
  empty(): Promise<void>
  close(): Promise<void>
}

/** What is older than `before`, and the oldest beyond `max`; the output of `living` servers stays. */
export interface OldOutput {
  before: number
  max: number
  living: ReadonlySet<ServerId>
}
