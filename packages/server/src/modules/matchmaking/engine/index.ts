/**
 * The matching engine: who of those who wait should play together.
 * Pure and in memory: it knows no database, no clock and no chance, and a million entries are its ordinary case.
 */
export { MatchIndex } from './match-index.ts'
export type { Matches } from './matches.ts'
export {
  type EngineEntry,
  type Match,
  type QueueRules,
  type RuleComplaint,
  settleRules,
  teamComplaints,
  type WindowRule,
  windowComplaints,
} from './rules.ts'
export { Waits } from './waits.ts'
export type { WaitingReason, Why } from './why.ts'
