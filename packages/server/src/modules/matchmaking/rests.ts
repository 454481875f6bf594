import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { type Hold, lifted } from './hold.ts'
import type { PlayerStore } from './store.ts'

/** Sent on the topic `queue` when a mode's rest changed. */
export const restHint = 'rests'

/** How long matches that try after a rest may be on their way before others try too. */
const tryingMs = 5_000

export interface Rest extends Pick<Hold, 'cause' | 'says'> {
  until: number
}

/** Which modes rest because their matches found no server, as the matching process knows it. */
export interface Rests {
  refresh(): Promise<void>
  /** Matches that may be made in this mode right now. */
  allowance(mode: string, now: number): number
  tried(mode: string, matches: number, now: number): void
  /** When matches may be made again, and why the last found no server; null where the mode does not rest. */
  of(mode: string, now: number): Rest | null
  /** Something changed among the servers: whoever rests may try, though not more often than after a first rest. */
  lift(): Promise<void>
}

export function createRests(
  { clock, db, store }: { clock: Clock; db: Db; store: PlayerStore },
  options: { liftEveryMs: number },
): Rests {
  let holds = new Map<string, Hold>()
  /** Matches of a mode that try, for as long as nothing has become of them. */
  const trying = new Map<string, { asOf: string; until: number }>()
  let liftedAt = Number.NEGATIVE_INFINITY
  let liftsLater = false
  const textOf = (hold: Hold) => JSON.stringify(hold)

  const restEnds = (hold: Hold): number => {
    const tries = trying.get(hold.mode)
    return tries?.asOf === textOf(hold) ? Math.max(hold.until, tries.until) : hold.until
  }
  async function refresh(): Promise<void> {
    const rows = await db.once((tx) => store.holds(tx))
    holds = new Map(rows.map((hold) => [hold.mode, hold]))
    for (const mode of trying.keys()) if (!holds.has(mode)) trying.delete(mode)
  }

  async function lift(): Promise<void> {
    if (holds.size === 0 || liftsLater) return
    const waitMs = liftedAt + options.liftEveryMs - clock.now()
    if (waitMs > 0) {
      liftsLater = true
      clock.after(waitMs, () => {
        liftsLater = false
        void lift().catch(() => undefined)
      })
      return
    }
    liftedAt = clock.now()
    for (const mode of holds.keys()) {
      await db.transact((tx) => store.changeHold(tx, mode, (hold) => hold && lifted(hold, clock.now())))
    }
    await refresh()
  }

  return {
    refresh,
    allowance(mode, now) {
      const hold = holds.get(mode)
      if (hold === undefined) return Number.POSITIVE_INFINITY
      return now < restEnds(hold) ? 0 : hold.allowance
    },
    tried(mode, matches, now) {
      const hold = holds.get(mode)
      if (hold !== undefined && matches > 0) trying.set(mode, { asOf: textOf(hold), until: now + tryingMs })
    },
    of(mode, now) {
      const hold = holds.get(mode)
      if (hold === undefined) return null
      const { cause, says } = hold
      const until = restEnds(hold)
      return until > now ? { until, cause, says } : null
    },
    lift,
  }
}
