import type { Happening } from '../world/history.ts'

/** How long after its end a fault was felt; null where the run was over before it was well again. */
export interface Recovery {
  kind: string
  on: string
  ms: number | null
}

/** Hears what players say, and tells from it when the service was well again: a call made after the fault's end has
 *  succeeded, and players have been told where to play a match that was first offered after it. */
export function watchRecoveries() {
  const waiting: { recovery: Recovery; since: number; called: boolean }[] = []
  const recoveries: Recovery[] = []
  const offers = new Map<string, number>()

  return {
    recoveries,
    hear(happening: Happening): void {
      if (happening.what === 'offered' && !offers.has(happening.match)) offers.set(happening.match, happening.at)
      for (const one of [...waiting]) {
        if (happening.what === 'call' && happening.outcome === 'ok')
          one.called ||= happening.at - happening.ms >= one.since
        const offeredAt = happening.what === 'confirmed' ? (offers.get(happening.match) ?? 0) : 0
        if (offeredAt < one.since || !one.called) continue
        one.recovery.ms = happening.at - one.since
        waiting.splice(waiting.indexOf(one), 1)
      }
    },
    healed(kind: string, on: string): void {
      const recovery: Recovery = { kind, on, ms: null }
      recoveries.push(recovery)
      waiting.push({ recovery, since: Date.now(), called: false })
    },
  }
}
