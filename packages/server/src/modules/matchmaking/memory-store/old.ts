import type { EntryId, MatchId } from '@muster/protocol'
import type { Rows } from '../../../platform/memory-db/index.ts'
import { ageOf } from './tables.ts'

/** The ids below `before` among the rows of an index by age, in their order. */
export function idsBefore(rows: Rows<{ id: EntryId | MatchId }>, index: string, before: EntryId | MatchId): string[] {
  const found: string[] = []
  for (const age of rows.valuesIn(index)) {
    if (age > ageOf(before)) continue
    for (const { id } of rows.by(index, age)) if (id < before) found.push(id)
  }
  return found.sort()
}
