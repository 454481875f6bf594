import type { KeyId, PlayerId, ServerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../platform/db.ts'
import type {
  Allocation,
  Claim,
  Ending,
  GroupClaim,
  KeptState,
  KickOrder,
  Orders,
  Registration,
  ServerView,
} from './domain.ts'

export interface Beat {
  server: ServerId
  key: KeyId
  currentPlayers: number
  load: number
}

export interface KeptKick extends KickOrder {
  told: boolean
}

export interface KeptOrders extends Orders {
  kick: KeptKick[]
}

/** A server as it is shown. */
export interface ServerRow extends Registration {
  state: KeptState
  launched: boolean
  sessions: number
  reserved: number
  currentPlayers: number
  load: number
  registeredAt: number
  lastBeatAt: number
  goneCause: Ending | null
  goneDetail: string | null
  /** The last lines of a launched server, as its machine wrote them down. */
  output: string[] | null
}

export interface ServerFilter {
  map?: number
  mode?: string
  region?: string
  labels: Readonly<Record<string, string>>
  /** Those that went and are still remembered, too. */
  gone: boolean
  after?: ServerId
  limit: number
}

export interface EndRequest {
  servers: readonly ServerId[]
  cause: Ending
  detail: string | null
  now: number
  /** Only those that have not beaten since. */
  silentSince?: number
  /** Only those that nobody has heard to be ready. */
  onlyStarting?: boolean
}

export interface EndedServer {
  server: ServerId
  /** The machine that launched it. */
  node: string | null
  /** Sessions that lost it. */
  lost: SessionId[]
}

/** Who lives, and what they are told. */
export interface DirectoryStore {
  /** A new run of a server; null while another key holds the id. Sessions of an earlier run are lost. */
  register(
    tx: Tx,
    server: Registration & { instance: string; key: KeyId; gamePort: number; now: number },
  ): Promise<SessionId[] | null>
  /** Of these, those that live and belong to their keys: each server with its key. */
  beat(tx: Tx, now: number, beats: readonly Beat[]): Promise<Map<ServerId, KeyId>>
  ordersOf(tx: Tx, servers: readonly ServerId[]): Promise<Map<ServerId, KeptOrders>>
  /** Of the sessions that servers name, those that they do not have, or no more: as whole kicks that nobody keeps. */
  straysOf(tx: Tx, named: readonly { server: ServerId; session: SessionId }[]): Promise<Map<ServerId, KickOrder[]>>
  markKicksTold(tx: Tx, now: number, server: ServerId, kicks: readonly KickOrder[]): Promise<void>
  dropKicks(tx: Tx, server: ServerId, kicks: readonly KickOrder[]): Promise<void>
  /** The key that registered a live server, null where it was launched; undefined where no such server lives. */
  registrantOf(tx: Tx, server: ServerId): Promise<string | null | undefined>
  /** No new sessions; false where no such server lives. */
  drain(tx: Tx, server: ServerId): Promise<boolean>
  /** Ends servers and whatever they hold: exactly once each, whoever else tries. */
  end(tx: Tx, request: EndRequest): Promise<EndedServer[]>
  /** Writes down that somebody looks after the servers, and tells since when somebody does without a gap. */
  markSwept(tx: Tx, now: number, outageMs: number): Promise<number>
  silentSince(tx: Tx, atMs: number, limit: number): Promise<ServerId[]>
  /** Forgets what ended before; tells how many rows went. */
  purge(tx: Tx, request: { endedBefore: number; kicksBefore: number; limit: number }): Promise<number>
  list(tx: Tx, filter: ServerFilter): Promise<ServerRow[]>
  read(tx: Tx, server: ServerId, gone: boolean): Promise<ServerRow | null>
  counts(tx: Tx): Promise<Map<'starting' | 'ready' | 'allocated' | 'draining', number>>
}

/** A live server as whoever offered it sees it. */
export interface OfferedStanding {
  instance: string
  key: KeyId | null
  state: Exclude<KeptState, 'gone'>
  /** Sessions that it has, and how many of them it has said to be ready for. */
  sessions: number
  prepared: number
}

/** Of servers that do not beat themselves. */
export interface OfferedStore {
  /** Lets a live server of this key take sessions, also where it was draining; false where there is none. */
  reopen(tx: Tx, server: Registration & { key: KeyId }): Promise<boolean>
  /** Of these, those that live. */
  standingsOf(tx: Tx, servers: readonly ServerId[]): Promise<Map<ServerId, OfferedStanding>>
}

/** A server that is now known to be ready for its session. */
export interface Confirmed {
  server: ServerId
  launched: boolean
  createdAt: number
  mode: string
  /** The port that it had until it said another. */
  given: number
}

/** Who has which capacity. */
export interface AllocationStore {
  /** Asking again gives the same; null where no registered server has room. */
  reserve(tx: Tx, claim: Claim, now: number): Promise<{ allocation: Allocation; fresh: boolean } | null>
  /** For the first of them as far as there is room; nobody waits for a server that somebody else is reserving on. Throws
   *  where one has an allocation already. */
  reserveTogether(tx: Tx, claim: GroupClaim, now: number): Promise<Allocation[]>
  addSlots(tx: Tx, session: SessionId, count: number): Promise<boolean>
  freeSlots(tx: Tx, session: SessionId, count: number): Promise<void>
  /** Null where it was confirmed before, or has ended. */
  confirm(tx: Tx, session: SessionId, port: number | null, now: number): Promise<Confirmed | null>
  /** Null where it has ended before. `idle`: the server was launched for it and is to be stopped. */
  release(
    tx: Tx,
    session: SessionId,
    why: string,
    now: number,
  ): Promise<{ server: ServerId; launched: boolean; idle: boolean } | null>
  /** The server that is to be told, if the session has one. */
  kick(tx: Tx, session: SessionId, player: PlayerId, reason: string, now: number): Promise<ServerId | null>
  viewOf(tx: Tx, sessions: readonly SessionId[]): Promise<Map<SessionId, ServerView>>
}

export interface LaunchRequest extends Claim {
  server: ServerId
  instance: string
  node: string
  launcher: string
  name: string
  host: string
  ports: readonly [number, number]
  processesMax: number
  stopGraceMs: number
  readyTimeoutMs: number
  now: number
}

/** `existing`: the session has its server already; `ended`: it had one, which went. */
export type LaunchVerdict =
  | { kind: 'launched' | 'existing'; allocation: Allocation }
  | { kind: 'full' | 'no_port' | 'ended' }

/** A launched server's row, and what its launcher has to know of it. */
export interface ProcessRow {
  server: ServerId
  instance: string
  launcher: string
  mode: string
  session: SessionId
  /** How many may play on it at once, as it is told. */
  playersMax: number
  brief: unknown
  port: number
  pid: number | null
  startMark: string | null
  stopGraceMs: number
  readyTimeoutMs: number
  createdAt: number
  state: KeptState
  /** Its session still claims it. */
  wanted: boolean
  /** Where it finds its Agones SDK, if it has one. */
  sdkPort: number | null
}

/** What a launched server's Agones SDK has to know of it. */
export interface SdkRow {
  /** What was kept last; null where nothing was. */
  kept: unknown
  host: string
  region: string | null
  /** Null once its session is over. */
  brief: unknown
}

/** Which processes this machine runs. */
export interface ProcessStore {
  /** One at a time on each node, so that neither the maximum nor a port is given twice. */
  launch(tx: Tx, request: LaunchRequest): Promise<LaunchVerdict>
  /** Every process of the node that has not been seen to end. */
  processesOf(tx: Tx, node: string): Promise<ProcessRow[]>
  /** Another port for a server whose port somebody else holds; null where none is left. */
  movePort(
    tx: Tx,
    request: {
      server: ServerId
      node: string
      ports: readonly [number, number]
      tried: readonly number[]
      now: number
    },
  ): Promise<number | null>
  /** False where the server has ended. */
  recordProcess(
    tx: Tx,
    process: { server: ServerId; launcher: string; pid: number; startMark: string },
  ): Promise<boolean>
  /** Null where the server has ended. */
  sdkOf(tx: Tx, server: ServerId): Promise<SdkRow | null>
  /** What its SDK knows, whole; false where the server has ended. */
  keepSdk(tx: Tx, sdk: { server: ServerId; port: number; kept: unknown }): Promise<boolean>
  /** Of these, those that still live. */
  beatLaunched(tx: Tx, now: number, servers: readonly ServerId[]): Promise<Set<ServerId>>
  saveOutput(tx: Tx, output: readonly { server: ServerId; lines: readonly string[] }[]): Promise<void>
  /** The process is no more; its port is free. */
  endProcess(
    tx: Tx,
    process: {
      server: ServerId
      exitCode: number | null
      exitSignal: string | null
      output: readonly string[] | null
      now: number
    },
  ): Promise<void>
}

export type FleetStore = DirectoryStore & AllocationStore & ProcessStore
