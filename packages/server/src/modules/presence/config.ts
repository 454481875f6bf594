import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'
import type { SocketLimits } from '../../platform/socket/edge.ts'

const count = (usual: number, description: string, least = 1) =>
  Type.Integer({ default: usual, minimum: least, description })

export const presenceOptions = Closed({
  pushKeptS: count(600, 'How long a push is kept for those who come back after a dropped line'),
  pushesKeptMax: count(256, 'Most pushes kept for one player; the oldest go first'),
  catchUpS: Type.Number({ default: 2, minimum: 0.1, description: 'How often missed hints of pushes are made up for' }),
  tokenInAddress: Type.Boolean({
    default: true,
    description: 'Takes `/ws?token=…`; addresses end up in proxies’ logs',
  }),
  authenticateWithinS: Type.Number({ default: 3, minimum: 0.1, description: 'Time to say who one is on a new socket' }),
  expiryNoticeS: Type.Number({
    default: 30,
    minimum: 0,
    description: 'How long before a token ends a new one is asked',
  }),
  expiryGraceS: Type.Number({ default: 5, minimum: 0, description: 'How long after a token’s end a new one is taken' }),
  heartbeatS: Type.Number({
    default: 20,
    minimum: 1,
    description: 'A socket silent for so long is asked whether it lives',
  }),
  silenceS: Type.Number({ default: 50, minimum: 2, description: 'A socket silent for so long is cut' }),
  connectionsMax: count(20_000, 'Most open sockets of this process'),
  connectionsPerAddressMax: count(2_000, 'Most open sockets from one address; name proxies in http.trustedProxies'),
  connectionsPerPlayerMax: count(3, 'Most open sockets of one player on this process; the oldest is closed'),
  waitingMax: count(1_000, 'Most open sockets that have not said who they are; the oldest is closed'),
  frameBytesMax: count(65_536, 'Largest message', 1_024),
  fragmentsMax: count(128, 'Most fragments of one message'),
  framesPerS: count(20, 'Messages a second of one socket'),
  framesBurstMax: count(60, 'Messages at once after a quiet time'),
  bytesPerS: count(65_536, 'Bytes a second of one socket', 1_024),
  bytesBurstMax: count(262_144, 'Bytes at once after a quiet time', 1_024),
  backlogBytesMax: count(524_288, 'What a socket may leave unread before it is closed', 1_024),
  requestsMax: count(16, 'Most requests of one socket that wait for their turn'),
})
export type PresenceOptions = Static<typeof presenceOptions>

/** What sockets share with the HTTP server they arrive at. */
export interface SocketPolicy {
  /** Origins whose pages may open sockets; own pages always may. */
  origins: readonly string[]
  /** Addresses or networks of proxies whose forwarded headers are believed. */
  trustedProxies: readonly string[]
}

export const limitsOf = (options: PresenceOptions): SocketLimits => ({
  connectionsMax: options.connectionsMax,
  connectionsPerAddressMax: options.connectionsPerAddressMax,
  waitingMax: options.waitingMax,
  admitWithinMs: options.authenticateWithinS * 1_000,
  frameBytesMax: options.frameBytesMax,
  fragmentsMax: options.fragmentsMax,
  frames: { perS: options.framesPerS, burstMax: options.framesBurstMax },
  bytes: { perS: options.bytesPerS, burstMax: options.bytesBurstMax },
  backlogBytesMax: options.backlogBytesMax,
  heartbeatMs: options.heartbeatS * 1_000,
  silenceMs: options.silenceS * 1_000,
})
