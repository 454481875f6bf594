import type { PlayerId, SessionId } from '@muster/protocol'
import type { Tx } from '../../../platform/db.ts'
import {
  keptJson,
  memoryOf,
  memorySequence,
  memoryTable,
  notNullViolation,
  rowsIn,
} from '../../../platform/memory-db/index.ts'
import type { ResultEvent } from '../domain.ts'
import type { Standing } from '../fold.ts'

export interface PlayerRow {
  player: PlayerId
  seq: number
  session: SessionId
  before: number | null
  after: number | null
}

export interface StandingRow {
  board: string
  standing: Standing
}

export interface StatRow {
  player: string
  name: string
  total: number
}

/** Called by their sessions, of which each has at most one. */
const eventTable = memoryTable<ResultEvent>(
  'results_events',
  ({ session }) => session,
  {},
  {
    seq: ({ seq }) => [seq],
    board: ({ board, seq }) => (board === null ? null : [board, seq]),
  },
)

const playerTable = memoryTable<PlayerRow>(
  'results_players',
  ({ player, seq }) => playerKey(player, seq),
  { seq: ({ seq }) => [String(seq)] },
  { player: ({ player, seq }) => [player, seq] },
)

const standingTable = memoryTable<StandingRow>(
  'results_standings',
  ({ board, standing }) => standingKey(board, standing.player),
  { player: ({ standing }) => [standing.player] },
  { best: ({ board, standing }) => [board, -standing.standing, standing.player] },
)

const statTable = memoryTable<StatRow>('results_stats', ({ player, name }) => statKey(player, name), {
  player: ({ player }) => [player],
})

const boardTable = memoryTable<{ board: string; rules: string }>('results_boards', ({ board }) => board)

export const eventsIn = (tx: Tx) => rowsIn(tx, eventTable)
export const playersIn = (tx: Tx) => rowsIn(tx, playerTable)
export const standingsIn = (tx: Tx) => rowsIn(tx, standingTable)
export const statsIn = (tx: Tx) => rowsIn(tx, statTable)
export const boardsIn = (tx: Tx) => rowsIn(tx, boardTable)
export const nextSeq = memorySequence()

/** No player has a space in the name of theirs. */
export const playerKey = (player: PlayerId, seq: number): string => `${player} ${seq}`
export const standingKey = (board: string, player: PlayerId): string => `${player} ${board}`
export const statKey = (player: string, name: string): string => `${player} ${name}`

/** What is no number has no word in JSON either, so that nothing would be written. */
export function rowOf(tx: Tx, board: string, given: Standing): StandingRow {
  const { player, rating, points, standing, won, drawn, lost } = given
  if (!Number.isFinite(points) || !Number.isFinite(standing)) throw memoryOf(tx).fail(notNullViolation('standing'))
  return { board, standing: { player, rating: keptJson(rating), points, standing, won, drawn, lost } }
}

export const copyOf = ({ standing }: StandingRow): Standing => ({ ...standing })
