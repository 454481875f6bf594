import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'
import { nameOption } from '../../platform/options.ts'
import { type RuleComplaint, teamComplaints, windowComplaints } from './engine/index.ts'

const windowOptions = {
  initial: Type.Number({ default: 100, minimum: 0, description: 'Points to either side at first' }),
  perSecond: Type.Number({ default: 10, minimum: 0, description: 'Points by which it grows with a second of waiting' }),
  max: Type.Optional(Type.Number({ minimum: 0, description: 'Widest; without it, it grows for ever' })),
  stepS: Type.Number({ default: 1, exclusiveMinimum: 0, maximum: 3_600, description: 'It grows in steps this long' }),
  adaptive: Type.Boolean({
    default: false,
    description: 'The first width follows the arrivals; perSecond then says what a second is worth in points',
  }),
}

const declinePauseOptions = {
  free: Type.Integer({ default: 1, minimum: 0, description: 'Declined, left or missed matches that cost nothing' }),
  firstS: Type.Number({ default: 10, minimum: 0, maximum: 86_400, description: 'Pause after the next one' }),
  factor: Type.Number({ default: 3, minimum: 1, maximum: 100, description: 'Each further pause is longer by this' }),
  maxS: Type.Number({ default: 600, minimum: 0, maximum: 604_800, description: 'Longest pause' }),
  forgetS: Type.Number({ default: 3_600, minimum: 0, description: 'So long after the last one, all are forgotten' }),
}

/** A place where players wait, and how its matches are made. */
export const queueOptions = Closed({
  mode: Type.String({ description: 'What is played: one of `modes`' }),
  teams: Type.Integer({ default: 2, minimum: 1, maximum: 256, description: 'Teams in a match' }),
  teamSize: Type.Integer({ default: 1, minimum: 1, maximum: 16, description: 'Players in a team' }),
  playersMin: Type.Optional(
    Type.Integer({ minimum: 2, maximum: 256, description: 'A match may start with so few after fewerAfterS' }),
  ),
  fewerAfterS: Type.Number({ default: 30, minimum: 0, description: 'Wait after which playersMin are enough' }),
  overdueS: Type.Number({ default: 30, minimum: 0, description: 'Wait after which nobody younger goes first' }),
  board: Type.Union([Type.String(), Type.Null()], {
    default: null,
    description: 'The board whose ratings pair players and are moved; null pairs by waiting alone',
  }),
  window: Type.Object(windowOptions, {
    default: {},
    additionalProperties: false,
    description: 'How far ratings in a match may lie apart',
  }),
  acceptTimeoutS: Type.Number({
    default: 15,
    minimum: 0,
    maximum: 600,
    description: 'Time to accept a match; 0: matches need no accepting',
  }),
  guests: Type.Boolean({ default: true, description: 'Guests may join' }),
  regions: Type.Array(Type.String(nameOption(32)), {
    default: [],
    maxItems: 32,
    uniqueItems: true,
    description: 'Regions to choose from by the players’ latencies; none: the fleet chooses',
  }),
  declinePause: Type.Object(declinePauseOptions, {
    default: {},
    additionalProperties: false,
    description: 'How long those who let matches fall through must wait before they search again',
  }),
})
export type QueueOptions = Static<typeof queueOptions>
export type PauseRule = QueueOptions['declinePause']

const noServerHoldOptions = {
  firstS: Type.Number({ default: 2, minimum: 0, maximum: 600, description: 'First rest of a mode without servers' }),
  maxS: Type.Number({ default: 60, minimum: 0, maximum: 3_600, description: 'Longest; each rest doubles the last' }),
}

const whole = (usual: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({ default: usual, minimum, maximum, description })

export const matchmakingOptions = Closed({
  leaseTtlMs: whole(4_000, 1_000, 60_000, 'After a node dies another one matches within this'),
  passMs: whole(150, 20, 10_000, 'How often a queue in which something changed is matched'),
  passMatchesMax: whole(4_000, 1, 1_000_000, 'Matches of one pass'),
  threadAbove: whole(20_000, 0, 10_000_000, 'From so many entries on passes run in a thread of their own; 0: never'),
  proposalBatchMax: whole(200, 1, 2_000, 'Matches written in one transaction'),
  proposalsAtOnceMax: whole(2, 1, 32, 'Transactions that write matches at once'),
  catchUpMs: whole(1_000, 100, 10_000, 'How often the rows are searched for news that no hint told'),
  catchUpPageMax: whole(2_000, 100, 50_000, 'Rows read at a time'),
  sweepMs: whole(500, 50, 5_000, 'How often offers that ran out and sessions are looked at'),
  sweepBatchMax: whole(200, 1, 10_000, 'Matches looked at in one sweep'),
  joinGatherMs: whole(1, 0, 100, 'How long joins gather to be written together'),
  joinBatchMax: whole(1_000, 1, 10_000, 'Joins written together'),
  joinsWaitingMax: whole(50_000, 1, 1_000_000, 'Joins waiting to be written'),
  entriesMax: whole(2_000_000, 1, 20_000_000, 'Entries that may wait'),
  entryIdleS: whole(120, 0, 86_400, 'An entry whose players are not heard of for so long is closed; 0: never'),
  pollsMax: whole(100_000, 1, 10_000_000, 'Long polls open at once in a process'),
  pollRereadMs: whole(5_000, 100, 60_000, 'How often an open poll reads anew, should a hint be lost'),
  whyWaitMs: whole(300, 0, 5_000, 'Longest wait for the matching node to say why an entry waits'),
  noServerHold: Type.Object(noServerHoldOptions, {
    default: {},
    additionalProperties: false,
    description: 'How long a mode rests when its matches find no server',
  }),
  endedKeptHours: Type.Number({ default: 24, minimum: 0, description: 'How long closed entries and matches are kept' }),
})
export type MatchmakingOptions = Static<typeof matchmakingOptions>

/** What is wrong with a queue as a whole, by option: of what is `sound` by itself. */
export function queueComplaints(queue: QueueOptions, isSound: (option: string) => boolean = () => true): string[] {
  const { playersMin, teams, teamSize } = queue
  const complaints: string[] = []
  const rules = engineRulesOf(queue)
  if (['teams', 'teamSize', 'playersMin'].every(isSound)) {
    if (playersMin !== undefined && playersMin > teams * teamSize) {
      complaints.push(`playersMin: a match has no more than ${teams * teamSize} players`)
    }
    if (playersMin !== undefined && playersMin % teamSize !== 0) {
      complaints.push(`playersMin: must make whole teams of ${teamSize}`)
    }
    if (complaints.length === 0) complaints.push(...teamComplaints(rules).map(complaintText))
  }
  if (isSound('window')) complaints.push(...windowComplaints(rules.window).map(complaintText))
  return complaints
}

const complaintText = ([rule, must]: RuleComplaint): string => `${rule === 'minTeams' ? 'playersMin' : rule}: ${must}`

/** A queue in the engine's terms. */
export function engineRulesOf({ teams, teamSize, playersMin, fewerAfterS, overdueS, window }: QueueOptions) {
  const minTeams = playersMin === undefined ? teams : Math.ceil(playersMin / teamSize)
  return { teams, teamSize, minTeams, fewerAfterS, overdueS, window }
}
