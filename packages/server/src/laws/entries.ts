import type { EntryRow, MatchRow } from '../modules/matchmaking/index.ts'
import type { Broken, Patience } from './law.ts'
import type { View } from './view.ts'

/** Laws 2 and 3: an entry and its match say the same of each other. */
export function checkEntry(view: View, entry: EntryRow, broken: Broken): void {
  const { id, state, reason, match_id } = entry
  if (state === 'closed') {
    if (reason === null) broken(2, `${id} was closed without a reason`)
    return
  }
  if (state === 'searching') {
    if (match_id !== null) broken(2, `${id} searches, and is in ${match_id}`)
    return
  }
  const match = match_id === null ? undefined : view.matches.get(match_id)
  const wanted = state === 'matched' ? 'offered' : 'confirmed'
  if (match?.state !== wanted) broken(2, `${id} is ${state} in ${match_id}, which is ${match?.state ?? 'gone'}`)
  else if (!entriesIn(match).includes(id)) broken(2, `${id} is ${state} in ${match_id}, which is of others`)
}

/** Laws 3 and 16: a match that has not ended holds its entries, has its own session, and is seen to. */
export function checkMatch(view: View, match: MatchRow, patience: Patience, broken: Broken): void {
  const { id, state, session_id, told, expires_at } = match
  if (state !== 'offered' && state !== 'confirmed') return
  const wanted = state === 'offered' ? 'matched' : 'confirmed'
  for (const entryId of entriesIn(match)) {
    const entry = view.entries.get(entryId)
    if (entry?.state !== wanted || entry.match_id !== id) {
      broken(2, `${id} is ${state}, and its ${entryId} is ${entry?.state ?? 'gone'} in ${entry?.match_id ?? 'none'}`)
    }
  }
  if (state === 'offered') {
    if (session_id !== null) broken(3, `${id} is only offered, and has ${session_id}`)
    if (told) broken(3, `${id} is only offered, and its players are told where to play`)
    if (expires_at !== null && patience.isOverdue(expires_at)) broken(16, `${id} is offered still, after its time`)
    return
  }
  const session = session_id === null ? undefined : view.sessions.get(session_id)
  if (session?.match !== id) {
    broken(
      3,
      `${id} is confirmed, and ${session_id ?? 'no session'} is ${session === undefined ? 'not there' : 'not its own'}`,
    )
  } else if (session.ended_at !== null && patience.isOverdue(session.ended_at)) {
    broken(16, `${id} is confirmed still, and its ${session_id} is ${session.state}`)
  }
}

const entriesIn = ({ teams }: MatchRow): string[] => teams.flatMap((parties) => parties.map(({ entry }) => entry))
