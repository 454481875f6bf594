import type { Selectable } from 'kysely'
import { memoryTable } from '../../../platform/memory-db/index.ts'
import type { FleetTables } from '../store/tables.ts'

type Kept<Name extends keyof FleetTables> = Selectable<FleetTables[Name]>
export type KeptServer = Kept<'fleet_servers'>
export type KeptOffer = Kept<'fleet_offers'>
export type KeptKickRow = Kept<'fleet_kicks'>
/** What its SDK knows is kept as text, as PostgreSQL has it. */
export type KeptProcess = Omit<Kept<'fleet_processes'>, 'sdk'> & { sdk: string | null }
/** The brief is kept as text, as PostgreSQL has it: whoever reads it is given one of his own. */
export type KeptAllocation = Omit<Kept<'fleet_allocations'>, 'brief'> & { brief: string }

const all: readonly string[] = ['all']
const none: readonly string[] = []
const spanMs = 60_000

/** By the minute: what ended long ago is found without looking at what ended since. */
const agedBy = (atMs: number | null): readonly string[] => (atMs === null ? none : [String(Math.floor(atMs / spanMs))])
/** Something in that minute is before `atMs`. */
export const beginsBefore = (minute: string, atMs: number): boolean => Number(minute) * spanMs < atMs

export const offerKey = (server: string, mode: string): string => `${server}\n${mode}`
/** A whole session's kick has no player. */
export const kickKey = (server: string, session: string, player: string | null): string =>
  `${server}\n${session}\n${player ?? ''}`
export const offeredIn = (mode: string, region: string): string => `${mode}\n${region}`

export const servers = memoryTable<KeptServer>('fleet_servers', (row) => row.id, {
  live: (row) => (row.state === 'gone' ? none : all),
  ended: (row) => agedBy(row.gone_at),
})

export const beats = memoryTable<Kept<'fleet_beats'>>('fleet_beats', (row) => row.server)

export const offers = memoryTable<KeptOffer>('fleet_offers', (row) => offerKey(row.server, row.mode), {
  server: (row) => [row.server],
  mode: (row) => (row.free > 0 ? [row.mode] : none),
  region: (row) => (row.free > 0 && row.region !== null ? [offeredIn(row.mode, row.region)] : none),
})

export const sweeps = memoryTable<Kept<'fleet_sweeps'>>('fleet_sweeps', (row) => row.name)

export const allocations = memoryTable<KeptAllocation>('fleet_allocations', (row) => row.session, {
  live: (row) => (row.ended_at === null ? [row.server] : none),
  unready: (row) => (row.ended_at === null && row.ready_at === null ? [row.server] : none),
  ended: (row) => agedBy(row.ended_at),
})

export const kicks = memoryTable<KeptKickRow>('fleet_kicks', (row) => kickKey(row.server, row.session, row.player), {
  server: (row) => [row.server],
  created: (row) => agedBy(row.created_at),
})

export const nodes = memoryTable<Kept<'fleet_nodes'>>('fleet_nodes', (row) => row.name)

export const processes = memoryTable<KeptProcess>('fleet_processes', (row) => row.server, {
  running: (row) => (row.ended_at === null ? [row.node] : none),
  ended: (row) => agedBy(row.ended_at),
})
