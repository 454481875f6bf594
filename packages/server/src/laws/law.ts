/** Says that a law does not hold, by its number, and in words where. */
export type Broken = (law: number, what: string) => void

/** The laws of which something can be seen in the tables at one moment. */
export const lawsInTables: Readonly<Record<number, string>> = {
  1: 'A player is in one place at a time',
  2: 'An entry leaves its queue for one reason',
  3: "A match's players are told the same session",
  4: 'A session ends once, and none stays open for ever',
  5: 'A result counts once: ratings are the fold of the results',
  6: 'A ticket is out only against a slot that is held',
  7: 'No server holds more than its capacity, and its count is right',
  13: 'What has ended stays ended',
  14: 'A ban ends every login',
  16: 'Nothing is held by what is gone',
}

/** Whether something should have been dealt with by now. */
export interface Patience {
  /** The database's time. */
  now: number
  /** True where it was due for longer than a living Muster takes to see to it. Never while none was there to. */
  isOverdue(at: number): boolean
}

/** What comes due is seen to by sweeps every second or two, on any node; a busy system gets this much longer. */
const usualPatienceMs = 30_000

/** Lateness counts only for as long as some node has been looking: `sweptAt` the last time, `resumedAt` without a gap. */
export function patienceOf(
  now: number,
  attendance: { swept_at: number; resumed_at: number } | null,
  patienceMs = usualPatienceMs,
): Patience {
  const until = Math.min(now, attendance?.swept_at ?? 0)
  const from = attendance?.resumed_at ?? now
  return { now, isOverdue: (at) => until - Math.max(at, from) > patienceMs }
}
