import type { HttpCaller } from '../support/http-caller.ts'

/** Something that Muster said yes to. */
export interface Fact {
  kind: string
  /** What is wrong where it is not there any more; null where it is. */
  missing(call: HttpCaller): Promise<string | null>
}

/** Everything that was acknowledged, round by round. */
export interface Ledger {
  add(fact: Fact): void
  /** Takes back what can no longer be known: it was to be changed when the line was cut. */
  forget(fact: Fact): void
  begin(): void
  /** Resolves when so many were acknowledged in this round, and at least one of that kind among them. */
  reached(count: number, kind: string): Promise<void>
  /** How many there are, by kind. */
  counts(): Record<string, number>
  /** What is missing, of the last rounds or of all. */
  missing(call: HttpCaller, rounds: number | 'all'): Promise<string[]>
}

const checksAtOnce = 8

export function createLedger(): Ledger {
  const rounds: Set<Fact>[] = []
  let waiting: { count: number; kind: string; done(): void } | null = null
  const current = () => rounds.at(-1) ?? new Set<Fact>()
  const look = () => {
    if (waiting === null || current().size < waiting.count) return
    const { kind: wanted, done } = waiting
    if ([...current()].some(({ kind }) => kind === wanted)) done()
  }

  return {
    add(fact) {
      current().add(fact)
      look()
    },
    forget: (fact) => {
      for (const round of rounds) round.delete(fact)
    },
    begin: () => void rounds.push(new Set()),
    reached: (count, kind) =>
      new Promise((resolve) => {
        waiting = { count, kind, done: resolve }
        look()
      }),
    counts() {
      const counts: Record<string, number> = {}
      for (const { kind } of rounds.flatMap((round) => [...round])) counts[kind] = (counts[kind] ?? 0) + 1
      return counts
    },
    async missing(call, which) {
      const facts = rounds.slice(which === 'all' ? 0 : -which).flatMap((round) => [...round])
      const complaints: string[] = []
      const check = async () => {
        for (let fact = facts.pop(); fact !== undefined; fact = facts.pop()) {
          const complaint = await fact.missing(call)
          if (complaint !== null) complaints.push(`${fact.kind}: ${complaint}`)
        }
      }
      await Promise.all(Array.from({ length: checksAtOnce }, check))
      return complaints
    },
  }
}
