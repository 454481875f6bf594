import type { PlayerId } from '@muster/protocol'
import { memoryTable } from '../../../platform/memory-db/index.ts'
import type { Claim } from '../domain.ts'
import type { KeptPush } from '../store.ts'

export interface PlaceRow extends Claim {
  since: number
}

export interface InboxRow {
  player: PlayerId
  lastSeq: number
}

export interface PushRow extends KeptPush {
  at: number
}

const spanMs = 60_000

export const pushKey = (player: PlayerId, seq: number): string => `${player} ${seq}`
/** Something in that minute may be from before `atMs`. */
export const beginsBefore = (minute: string, atMs: number): boolean => Number(minute) * spanMs < atMs

export const placeTable = memoryTable<PlaceRow>('presence_places', (row) => row.player)
export const inboxTable = memoryTable<InboxRow>('presence_inboxes', (row) => row.player)
export const pushTable = memoryTable<PushRow>('presence_pushes', (row) => pushKey(row.player, row.seq), {
  player: (row) => [row.player],
  minute: (row) => [String(Math.floor(row.at / spanMs))],
})
