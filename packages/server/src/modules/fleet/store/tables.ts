import type { Generated } from 'kysely'
import type { ClaimState } from '../agones/cluster/store.ts'
import type { KeptState } from '../domain.ts'

export interface FleetTables {
  fleet_servers: {
    id: string
    instance: string
    key: string | null
    node: string | null
    name: string
    state: KeptState
    address: string
    ports: Record<string, number>
    game_port: number
    capacity: number
    reserved: number
    sessions: number
    sessions_max: number | null
    region: string | null
    modes: string[]
    maps: number[]
    labels: Record<string, string>
    registered_at: number
    gone_at: number | null
    gone_cause: string | null
    gone_detail: string | null
  }
  fleet_beats: {
    server: string
    instance: string
    key: string | null
    last_beat_at: number
    current_players: Generated<number>
    load: Generated<number>
  }
  fleet_offers: { server: string; mode: string; region: string | null; free: number }
  fleet_sweeps: { name: string; swept_at: number; resumed_at: number }
  fleet_allocations: {
    session: string
    server: string
    instance: string
    mode: string
    region: string | null
    host: string
    port: number
    slots: number
    brief: unknown
    created_at: number
    ready_at: number | null
    ended_at: number | null
    cause: string | null
    detail: string | null
  }
  fleet_kicks: {
    server: string
    session: string
    player: string
    reason: string
    created_at: number
    told_at: number | null
  }
  fleet_cluster_claims: {
    session: string
    server: string
    instance: string
    cluster: string
    mode: string
    region: string | null
    slots: number
    brief: unknown
    state: ClaimState
    full: boolean
    name: string | null
    host: string | null
    port: number | null
    try_at: number
    wanted_at: number
  }
  fleet_nodes: { name: string; last_port: Generated<number>; seen_at: number }
  fleet_processes: {
    server: string
    node: string
    launcher: string
    mode: string
    session: string
    port: number
    pid: number | null
    start_mark: string | null
    stop_grace_ms: number
    ready_timeout_ms: number
    created_at: number
    ended_at: number | null
    exit_code: number | null
    exit_signal: string | null
    output: string[] | null
    players_max: number | null
    sdk_port: number | null
    sdk: unknown
  }
}
