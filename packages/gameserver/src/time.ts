/** Muster's time as this machine can tell it. Tickets are dated by Muster, and machines' clocks may be minutes apart. */
export interface MusterTime {
  /** Milliseconds since the epoch. */
  now(): number
  /** Takes the `Date` of an answer, with this machine's time when it was asked for and when it came. */
  hear(date: string | null, sentAt: number, heardAt: number): void
}

/** `Date` has whole seconds, so a smaller difference says nothing. */
const resolutionMs = 1_000

/** This machine's clock, set right by the `Date` of Muster's answers where the two differ by more than can be measured. */
export function createMusterTime(clock: () => number = Date.now): MusterTime {
  let offsetMs = 0
  return {
    now: () => clock() + offsetMs,
    hear(date, sentAt, heardAt) {
      const said = date === null ? Number.NaN : Date.parse(date)
      if (Number.isNaN(said)) return
      const measuredMs = said + resolutionMs / 2 - (sentAt + heardAt) / 2
      const uncertaintyMs = resolutionMs + (heardAt - sentAt) / 2
      offsetMs = Math.abs(measuredMs) > uncertaintyMs ? measuredMs : 0
    },
  }
}
