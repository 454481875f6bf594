import type { Server } from 'node:http'
import { closeCodes, type LoginId, type PlayerId, Refusal } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { timeText } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { Route } from '../../platform/http/route.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { Random } from '../../platform/random.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import { addressReader } from '../../platform/socket/address.ts'
import { createSocketEdge } from '../../platform/socket/edge.ts'
import { socketFigures } from '../../platform/socket/figures.ts'
import { type SocketEndpoint, takeUpgrades } from '../../platform/socket/upgrades.ts'
import type { Wakes } from '../../platform/wakes.ts'
import { limitsOf, type PresenceOptions, type SocketPolicy } from './config.ts'
import type { Standing } from './domain.ts'
import { createGateway, type VerifiedPlayer } from './gateway.ts'
import { createPlaces, type Places } from './places.ts'
import { createPostman } from './postman.ts'
import { createSendPushes, type PushSeal, pushTopic, type SendPushes } from './pushes.ts'
import { createRequests, type OnMessage } from './requests.ts'
import { type PresenceStore, sqlPresenceStore } from './store.ts'
import { createAudience } from './visitor.ts'

export { type PlaceRow, presenceAudit } from './audit.ts'
export type { PresenceOptions, SocketPolicy } from './config.ts'
export type { Claim, Move, Place } from './domain.ts'
export type { VerifiedPlayer } from './gateway.ts'
export type { Places } from './places.ts'
export type { Push, SendPushes } from './pushes.ts'
export type { OnMessage, RequestContext } from './requests.ts'
export { type PresenceStore, presenceMigrations } from './store.ts'

export interface PresenceNeeds {
  clock: Clock
  random: Random
  db: Db
  /** What is kept; in PostgreSQL unless told. */
  store?: PresenceStore
  wakes: Wakes
  log: Log
  metrics: Metrics
  secrets: PushSeal
  verifyAccess(token: string): Promise<VerifiedPlayer | null>
  onLoginEnded(listener: (ended: { player: PlayerId; login: LoginId | null }) => void): void
  isLive(login: LoginId): boolean
}

export interface Presence {
  places: Places
  push: SendPushes
  onMessage: OnMessage
  /** Players with a socket open on this process. */
  connectedHere(): IterableIterator<PlayerId>
  /** Where sockets may be opened, for an HTTP server with more such places. */
  sockets: SocketEndpoint[]
  /** Takes every upgrade of an HTTP server that has no other sockets. */
  attach(server: Server): void
  routes: Route[]
  start(): void
  stop(): Promise<void>
  personal: { exportOf(player: PlayerId): Promise<unknown>; erase(tx: Tx, player: PlayerId): Promise<void> }
}

const sweepEveryMs = 10_000
const dropMax = 5_000
const dropRoundsMax = 20
const standingsMax = 500

/** Presence knows where a player is and how to reach it. A player is in one place at a time, held by a primary key. What
 *  it is told is kept with the transaction that caused it, numbered, and delivered to its sockets on any node, in order
 *  and once, also to those that come back after a dropped line. Here is the gateway socket itself, too: who is let in,
 *  how long, and how much it may send. What is said over it belongs to the modules that register for it. */
export function createPresence(needs: PresenceNeeds, options: PresenceOptions & SocketPolicy): Presence {
  const { clock, db, log, metrics, wakes, store = sqlPresenceStore() } = needs
  const audience = createAudience()
  const requests = createRequests(log)
  const figures = socketFigures(metrics)
  const pushed = metrics.counter('presence_pushes_total', 'Pushes delivered to sockets')
  const addressOf = addressReader(options.trustedProxies)

  const standingOf = gather<{ player: PlayerId; after: number | null }, Standing>(
    clock,
    {
      ...{ delayMs: 0, batchMax: standingsMax, waitingMax: options.connectionsMax },
      refuse: () => new Refusal('BUSY', { retryAfterS: 1 }),
    },
    (asked) => db.once((tx) => store.standingsOf(tx, asked)),
  )
  const gateway = createGateway(
    {
      ...needs,
      ...{ audience, requests, standingOf },
      look: (players) => postman.look(players),
      openEdge: (user) =>
        createSocketEdge({ clock, figures, addressOf }, '/ws', options.origins, limitsOf(options), user),
    },
    options,
  )
  const { edge } = gateway
  const postman = createPostman(
    {
      ...{ ...needs, store, audience },
      send(connection, frame) {
        edge.send(connection, frame)
        pushed.inc()
      },
      giveUp: (connection) => edge.close(connection, closeCodes.tryLater, 'Come back for what you missed', 'missed'),
    },
    options,
  )
  wakes.hear(pushTopic, (players) => postman.look(players as PlayerId[]))
  needs.onLoginEnded(({ player, login }) => gateway.endLogin(player, login))

  async function dropOldPushes() {
    for (let rounds = 0; rounds < dropRoundsMax; rounds++) {
      const before = clock.now() - options.pushKeptS * 1_000
      if ((await db.once((tx) => store.dropPushes(tx, before, dropMax))) < dropMax) return
    }
  }
  let sweep: Repeating | null = null

  return {
    places: createPlaces(db, clock, store),
    push: createSendPushes({ ...needs, store }, options.pushesKeptMax),
    onMessage(event, schema, handle, { answerEvent } = {}) {
      requests.register(event, schema, (caller, data, context) => handle(caller, data as never, context), answerEvent)
    },
    connectedHere: audience.players,
    sockets: [edge.endpoint],
    attach: (server) => takeUpgrades(server, [edge.endpoint]),
    routes: [],
    start() {
      edge.start()
      postman.start()
      sweep = repeating(needs, 'old pushes', sweepEveryMs, dropOldPushes)
    },
    async stop() {
      await edge.stop()
      await Promise.all([postman.stop(), sweep?.stop()])
    },
    personal: {
      async exportOf(player) {
        const { place, pushes } = await db.once((tx) => store.personalOf(tx, player))
        return { place, pushes: pushes.map(({ event, at }) => ({ event, at: timeText(at) })) }
      },
      erase: (tx, player) => store.erase(tx, player),
    },
  }
}
