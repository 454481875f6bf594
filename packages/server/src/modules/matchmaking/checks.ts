import type { EntryId } from '@muster/protocol'

const slotMs = 1_000

/** Which entries are to be looked at when, to the second: adding and taking out cost the same however many wait. */
export function createChecks() {
  const slots = new Map<number, EntryId[]>()
  let next = Number.POSITIVE_INFINITY

  return {
    add(id: EntryId, atMs: number): void {
      const slot = Math.ceil(atMs / slotMs)
      const ids = slots.get(slot)
      if (ids === undefined) slots.set(slot, [id])
      else ids.push(id)
      next = Math.min(next, slot)
    },
    /** Takes out at most `max` of those whose time has come. */
    due(now: number, max: number): EntryId[] {
      const until = Math.floor(now / slotMs)
      if (until < next) return []
      const found: EntryId[] = []
      for (const slot of [...slots.keys()].filter((one) => one <= until).sort((a, b) => a - b)) {
        const ids = slots.get(slot) ?? []
        found.push(...ids.splice(0, max - found.length))
        if (ids.length === 0) slots.delete(slot)
        if (found.length >= max) break
      }
      next = Math.min(Number.POSITIVE_INFINITY, ...slots.keys())
      return found
    },
  }
}

export type Checks = ReturnType<typeof createChecks>
