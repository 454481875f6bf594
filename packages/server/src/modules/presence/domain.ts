import type { PlayerId } from '@muster/protocol'

/** The one place a player is at: waiting in an entry (a proposal of a match is the entry's own affair), or in a session. */
export interface Place {
  kind: 'entry' | 'session'
  id: string
}

export const samePlace = (left: Place, right: Place): boolean => left.kind === right.kind && left.id === right.id

export interface Claim {
  player: PlayerId
  place: Place
}

export interface Move {
  player: PlayerId
  from: Place
  to: Place
}

/** Claims as they can be made together, one for each player, and those that contradict an earlier one of the same list. */
export function sortClaims(claims: readonly Claim[]): { asked: Claim[]; contradicting: Claim[] } {
  const asked = new Map<PlayerId, Claim>()
  const contradicting: Claim[] = []
  for (const claim of claims) {
    const first = asked.get(claim.player)
    if (first === undefined) asked.set(claim.player, claim)
    else if (!samePlace(first.place, claim.place)) contradicting.push(claim)
  }
  return { asked: [...asked.values()], contradicting }
}

/** Where a player's numbered pushes stand: the newest there ever was, and how many after `after` are still kept. */
export interface Standing {
  last: number
  kept: number
}

/** Where a connection begins to hear: pushes after `cursor` follow; `missed` where some that it lacks are gone. */
export function resumeFrom(standing: Standing, after: number | null): { cursor: number; missed: boolean } {
  const { last, kept } = standing
  if (after === null) return { cursor: last, missed: false }
  // A number that was never given out is another life's: nothing that it stands for can be replayed.
  if (after > last) return { cursor: last, missed: true }
  return { cursor: last - kept, missed: kept < last - after }
}
