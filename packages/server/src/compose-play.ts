import type { Config } from './config.ts'
import { takesRegistered } from './modules/fleet/config.ts'
import { createFleet, type FleetNeeds, type FleetStore } from './modules/fleet/index.ts'
import { createGames, type GamesStore, type PrivateMode } from './modules/games/index.ts'
import type { Identity } from './modules/identity/index.ts'
import { createMatchmaking, type MatchmakingStore } from './modules/matchmaking/index.ts'
import { createPresence, type PresenceStore } from './modules/presence/index.ts'
import { createResults, type ResultsStore } from './modules/results/index.ts'
import { createSessions, type SessionStore } from './modules/sessions/index.ts'
import type { Clock } from './platform/clock.ts'
import type { Db } from './platform/db.ts'
import { drawnBytes } from './platform/drawn-bytes.ts'
import type { Limits } from './platform/http/limits.ts'
import type { MintId } from './platform/ids.ts'
import type { Leases } from './platform/lease.ts'
import type { Log } from './platform/log.ts'
import type { Metrics } from './platform/metrics.ts'
import type { Random } from './platform/random.ts'
import type { Secrets } from './platform/secrets.ts'
import type { SoftState } from './platform/soft-state.ts'
import type { Wakes } from './platform/wakes.ts'

/** What every module may be given. */
export interface Platform {
  clock: Clock
  random: Random
  mintId: MintId
  db: Db
  soft: SoftState
  wakes: Wakes
  secrets: Secrets
  limits: Limits
  leases: Leases
  log: Log
  metrics: Metrics
}

/** What the core keeps, where it is not PostgreSQL. */
export interface PlayStores {
  presence?: PresenceStore
  fleet?: FleetStore
  sessions?: SessionStore
  results?: ResultsStore
  matchmaking?: MatchmakingStore
  games?: GamesStore
}

export interface PlaySurroundings
  extends Pick<FleetNeeds, 'node' | 'dataDir' | 'apiUrl' | 'environment' | 'machine' | 'isolation'> {
  /** This process among the nodes; a new one at every start. */
  instance: string
  /** Bytes that nobody can foretell, unless a simulation is to be repeated. */
  draw?(bytes: number): Uint8Array
  people: Pick<Identity, 'peopleOf' | 'verifyAccess' | 'onLoginEnded' | 'isLive'>
  stores?: PlayStores
}

/** The core, which the laws speak of: places, servers, sessions, results, matches. The simulator composes it, too. */
export function composePlay(platform: Platform, config: Config, around: PlaySurroundings) {
  const { node, dataDir, apiUrl, environment, machine, isolation, people, stores = {}, draw = drawnBytes() } = around
  const { peopleOf, verifyAccess, onLoginEnded, isLive } = people

  const { origins, trustedProxies } = config.http
  const presence = createPresence(
    { ...platform, store: stores.presence, verifyAccess, onLoginEnded, isLive },
    { ...config.presence, origins, trustedProxies },
  )
  const { places, push, onMessage, connectedHere } = presence

  const launchSourceOf: FleetNeeds['launchSourceOf'] = (mode) => config.modes[mode]?.server.launch ?? null
  const netcodeOf: FleetNeeds['netcodeOf'] = (mode) => {
    const { protocolId, internalHost = null } = config.modes[mode]?.netcode ?? {}
    return protocolId === undefined ? null : { protocolId: BigInt(protocolId), internalHost }
  }
  const clusterSourceOf: FleetNeeds['clusterSourceOf'] = (mode) => config.modes[mode]?.server.agones ?? null
  const hasMode = (mode: string) => Object.hasOwn(config.modes, mode)
  const fleet = createFleet(
    {
      ...platform,
      store: stores.fleet,
      node,
      dataDir,
      apiUrl,
      environment,
      machine,
      hasMode,
      launchSourceOf,
      netcodeOf,
      isolation,
      clusterSourceOf,
    },
    config.fleet,
  )
  const sessions = createSessions(
    { ...platform, store: stores.sessions, fleet, places, sourcesOf: (mode) => sourcesOf(config, mode) },
    { ...config.sessions, modes: Object.fromEntries(Object.entries(config.modes).map(withStart)) },
  )
  const results = createResults(
    { ...platform, store: stores.results, finish: sessions.finish, keepLate: sessions.keepLate, peopleOf },
    { ...config.results, boards: config.boards },
  )
  const matchmaking = createMatchmaking(
    {
      ...platform,
      store: stores.matchmaking,
      node: around.instance,
      ...{ places, push, onMessage, connectedHere, peopleOf },
      ratingsOf: results.ratingsOf,
      openSession: sessions.open,
      leaveSession: sessions.leave,
      sessionsView: sessions.viewOf,
      admissionOf: sessions.admissionOf,
    },
    { ...config.matchmaking, queues: config.queues },
  )
  const games = createGames(
    {
      ...platform,
      store: stores.games,
      ...{ draw, places, peopleOf, modeOf: (mode) => privateModeOf(config, mode) },
      ...{ openSession: sessions.open, joinSession: sessions.join, sessionsView: sessions.viewOf },
      ...{ issue: sessions.issue, transportOf: sessions.transportOf },
      ...{ leaveSession: sessions.leave, removePlayer: sessions.remove },
      ...{ setDoor: sessions.setDoor, callOff: sessions.callOff },
    },
    config.games,
  )
  return { presence, fleet, sessions, results, matchmaking, games }
}

function privateModeOf({ modes }: Config, name: string): PrivateMode | null {
  const { private: friends, readyTimeoutS = 0 } = modes[name] ?? {}
  return friends === undefined ? null : { ...friends, readyTimeoutMs: readyTimeoutS * 1_000 }
}

/** A server that is built for Agones says that it is ready, and knows no word for more. */
const withStart = ([name, mode]: [string, Config['modes'][string]]) =>
  [name, { ...mode, startsWhenReady: mode.startsWhenReady ?? isMute(mode.server) }] as const

const isMute = ({ launch, agones }: Config['modes'][string]['server']) =>
  launch?.agones !== undefined || agones?.reports === false

/** Registered servers are asked where nothing is launched, or where the mode says so. */
function sourcesOf(config: Config, mode: string) {
  const source = config.modes[mode]?.server ?? {}
  return { launched: source.launch !== undefined || source.agones !== undefined, registered: takesRegistered(source) }
}
