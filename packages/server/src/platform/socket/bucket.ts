/** How much may pass in a second, and how much at once after a quiet time. */
export interface Rate {
  perS: number
  burstMax: number
}

/**
 * A token bucket that is a single number, the time at which it will be full again, so that a connection can have several
 * at little cost. Answers the new number, or null where the bucket does not hold `amount`.
 */
export function draw(fullAtMs: number, now: number, rate: Rate, amount: number): number | null {
  const emptyToFullMs = (rate.burstMax * 1_000) / rate.perS
  // A clock that steps back must not leave a bucket empty for longer than it takes to fill.
  const from = Math.min(Math.max(fullAtMs, now), now + emptyToFullMs)
  const next = from + (amount * 1_000) / rate.perS
  return next - now > emptyToFullMs ? null : next
}
