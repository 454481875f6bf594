import type { PlayerId } from '@muster/protocol'
import { sqlOf, type Tx } from '../../platform/db.ts'
import type { Place } from './domain.ts'

/** A player's one place, as it is kept. */
export interface PlaceRow {
  player: PlayerId
  kind: Place['kind']
  place: string
}

/** What presence keeps of what the laws speak of, for who checks them. */
export const presenceAudit = {
  places: (tx: Tx, after: string, max: number): Promise<PlaceRow[]> =>
    sqlOf<{ presence_places: PlaceRow }>(tx)
      .selectFrom('presence_places')
      .select(['player', 'kind', 'place'])
      .where('player', '>', after as PlayerId)
      .orderBy('player')
      .limit(max)
      .execute(),
}
