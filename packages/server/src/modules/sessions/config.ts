import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'

/** How a mode's servers take connect tokens. */
export const netcodeOptions = Closed({
  dialect: Type.Union([Type.Literal('netcode'), Type.Literal('renet'), Type.Literal('lightyear')], {
    default: 'netcode',
    description: 'netcode: the C library and yojimbo; renet; lightyear from 0.21',
  }),
  protocolId: Type.String({
    pattern: '^0x[0-9A-Fa-f]{1,16}$',
    form: '0x and 1 to 16 hexadecimal digits',
    description: 'Of the game and its version, as its clients and servers have it: 0x and up to 16 digits',
  }),
  timeoutS: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 300,
    description: 'How long a line may be silent before either side drops it',
  }),
  internalHost: Type.Optional(
    Type.String({
      pattern: '^[0-9A-Fa-f.:]{2,45}$',
      form: 'an IP address',
      description: 'The IP address that servers believe theirs to be, where it is not the one that players are sent to',
    }),
  ),
})

/** Private games of a mode: friends who come by a passcode, and begin when their host says so. */
export const privateOptions = Closed({
  playersMax: Type.Integer({ default: 8, minimum: 1, maximum: 1_000, description: 'Most players of one game' }),
  guests: Type.Boolean({ default: true, description: 'Whether guests may host and join' }),
  lobbyS: Type.Number({
    default: 1_800,
    minimum: 1,
    maximum: 86_400,
    description: 'How long those who came may wait for their host to start',
  }),
  emptyS: Type.Number({
    default: 120,
    minimum: 0,
    maximum: 86_400,
    description: 'How long a game that everybody left is kept for them to come back',
  }),
})

/** What a mode says of its sessions. */
export const sessionModeOptions = Closed({
  transport: Type.String({
    default: 'websocket',
    pattern: '^[a-z0-9_-]{1,32}$',
    form: '1 to 32 small letters, digits, dashes and underscores',
    description: 'How players connect to the server; they are told',
  }),
  playersMin: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: 'Enough to begin when loading is over; all unless told' }),
  ),
  startsWhenReady: Type.Optional(
    Type.Boolean({
      description:
        'Play begins once the server is ready, for servers that do not say who came; so it is for those with an Agones SDK unless told',
    }),
  ),
  allocateWaitS: Type.Number({ default: 5, minimum: 0, maximum: 3_600, description: 'Longest search for a server' }),
  readyTimeoutS: Type.Number({
    default: 30,
    minimum: 1,
    maximum: 3_600,
    description: 'Longest wait until the server is ready',
  }),
  loadingTimeoutS: Type.Number({
    default: 60,
    minimum: 1,
    maximum: 86_400,
    description: 'Longest wait for the players to come',
  }),
  durationMaxS: Type.Number({ default: 7_200, minimum: 1, maximum: 2_592_000, description: 'Longest play' }),
  private: Type.Optional(privateOptions),
  netcode: Type.Optional(netcodeOptions),
  ticketLifeS: Type.Integer({ default: 60, minimum: 1, maximum: 86_400, description: 'How long a ticket admits' }),
  leaveGraceS: Type.Number({
    default: 120,
    minimum: 0,
    maximum: 86_400,
    description: 'How long the slot of a player whose line dropped is kept',
  }),
})
export type SessionModeOptions = Static<typeof sessionModeOptions>

export const sessionsOptions = Closed({
  sweepMs: Type.Integer({
    default: 500,
    minimum: 50,
    maximum: 1_000,
    description: 'How often what is due is looked for',
  }),
  sweepBatchMax: Type.Integer({
    default: 500,
    minimum: 1,
    maximum: 10_000,
    description: 'Sessions looked at in a sweep',
  }),
  drivesAtOnceMax: Type.Integer({ default: 8, minimum: 1, maximum: 256, description: 'Sessions moved on at once' }),
  drivesWaitingMax: Type.Integer({
    default: 10_000,
    minimum: 1,
    description: 'Hints kept while busy; the sweep finds what is dropped',
  }),
  outageGraceS: Type.Number({
    default: 3,
    minimum: 0,
    maximum: 600,
    description: 'After an outage of Muster itself, how long servers may catch up on reports before time limits count',
  }),
  clockSlackS: Type.Number({
    default: 10,
    minimum: 0,
    maximum: 600,
    description: 'How long after its end a game server may still take a ticket for good, for its clock may be behind',
  }),
  ticketsPerMinute: Type.Integer({ default: 20, minimum: 1, description: 'Fresh tickets a player may ask for' }),
  ticketGatherMs: Type.Number({ default: 1, minimum: 0, maximum: 100, description: 'How long tickets are gathered' }),
  ticketBatchMax: Type.Integer({ default: 256, minimum: 1, maximum: 10_000, description: 'Tickets written at once' }),
  ticketsWaitingMax: Type.Integer({
    default: 20_000,
    minimum: 1,
    description: 'Tickets waiting to be written; beyond it they are refused',
  }),
  lateReportsMax: Type.Integer({ default: 16, minimum: 0, description: 'Late reports kept of an ended session' }),
  keptDays: Type.Number({ default: 90, minimum: 0, description: 'How long ended sessions are kept' }),
})
export type SessionsOptions = Static<typeof sessionsOptions>

/** What a schema cannot say of a mode's transport, by field. */
export const transportComplaints = ({ transport, netcode }: SessionModeOptions): string[] =>
  transport === 'netcode' && netcode === undefined
    ? ['netcode: say how, at least with a protocolId, for the transport is netcode']
    : transport !== 'netcode' && netcode !== undefined
      ? ["transport: must be 'netcode' where `netcode` says how"]
      : []
