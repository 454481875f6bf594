import type { Rows } from './rows.ts'

/** What `insert … on conflict do update` does: null where the row was added, or else the one that was there, held. */
export async function addOrHold<Row>(rows: Rows<Row>, key: string, row: Row): Promise<Row | null> {
  for (;;) {
    if (await rows.insert(row)) return null
    const [there] = await rows.hold([key])
    // Where it went while it was waited for, the place is free after all.
    if (there !== undefined) return there
  }
}
