/** A law that does not hold, and where. */
export interface Violation {
  law: number
  what: string
}

export interface Findings {
  violations: Violation[]
  /** By law, also of those that are not listed. */
  counts: Map<number, number>
  /** How many of each kind were looked at; 0 where there was nothing to look at. */
  looked: Record<string, number>
  /** What could not be judged, and why. */
  notes: string[]
}

/** More are only counted: a system with so many has one thing wrong with it. */
const listedMax = 1_000

export function newFindings(): Findings & {
  broken(law: number, what: string): void
  saw(what: string, count: number): void
} {
  const findings: Findings = { violations: [], counts: new Map(), looked: {}, notes: [] }
  return {
    ...findings,
    broken(law, what) {
      findings.counts.set(law, (findings.counts.get(law) ?? 0) + 1)
      if (findings.violations.length < listedMax) findings.violations.push({ law, what })
    },
    saw(what, count) {
      findings.looked[what] = (findings.looked[what] ?? 0) + count
    },
  }
}
