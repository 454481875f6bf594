import { type PlayerId, Refusal } from '@muster/protocol'
import type { Standing } from './index.ts'
import { offerOf } from './offer-text.ts'
import type { Queues } from './queues.ts'
import type { Readings } from './reading.ts'

/** Tells where a player stands: the entry as everybody is told it, with what only the rows say. */
export function createStandings({ queues, readings }: { queues: Queues; readings: Readings }) {
  return async function standingOf(player: PlayerId): Promise<Standing | null> {
    try {
      const reading = await readings.current(player)
      const { match } = reading
      const entry = await readings.show(reading, player)
      return {
        entry,
        found: entry.status === 'match_found' && match !== null ? offerOf(match, player) : null,
        offered: match !== null && queues.find(match.queue)?.needsAccepting !== false,
        session: match?.session ?? null,
      }
    } catch (error) {
      if (error instanceof Refusal && error.code === 'ENTRY_NOT_FOUND') return null
      throw error
    }
  }
}
