import type { EntryId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { CatchUp } from './catch-up.ts'
import type { Figures } from './figures.ts'
import type { Proposer } from './proposer.ts'
import type { Queue } from './queues.ts'
import type { Rests } from './rests.ts'
import type { Tenure, Tenures } from './tenure.ts'
import type { Turns } from './turns.ts'

export interface PassesNeeds {
  clock: Clock
  tenures: Tenures
  rests: Rests
  proposer: Proposer
  catchUp: CatchUp
  turns: Turns
  figures: Figures
  /** Entries of the queue were matched after waiting so long. */
  waited(queue: string, waitsMs: number[]): void
}

/** The larger the queue, the longer a pass, and the longer the break after it: a pass takes a fifth of the time at most. */
const breaksPerPass = 4

/** The passes over one queue: when one is due, and what becomes of its matches. */
export function createPasses(needs: PassesNeeds, queue: Queue, options: { matchesMax: number }) {
  const { clock, tenures, rests, proposer, catchUp, turns, figures } = needs
  const widensMs = queue.window.stepS * 1_000
  let notBefore = 0
  let widensAt = 0
  let hasMore = false

  const isDue = (tenure: Tenure, now: number): boolean =>
    tenure.loaded &&
    now >= notBefore &&
    tenure.pool.playersIn(queue.name) >= queue.leastPlayers &&
    (hasMore || now >= widensAt || tenure.pool.hasChanged(queue.name))

  async function settle(tenure: Tenure, made: number, found: number): Promise<void> {
    if (made >= found || tenure.unsure.size === 0) return
    // A match lost one of its players: the others are back in the pool before the next pass.
    await catchUp.read(tenure, [...tenure.unsure].slice(0, options.matchesMax))
  }

  return {
    async run(): Promise<void> {
      const now = clock.now()
      const tenure = tenures.current()
      if (tenure === null || !isDue(tenure, now)) return
      const allowance = rests.allowance(queue.mode, now)
      if (allowance === 0) return
      const max = Math.min(options.matchesMax, allowance)
      const { matches, found } = await tenure.pool.pass(queue.name, now, max)
      const spentMs = clock.now() - now
      figures.passed(queue.name, spentMs)
      notBefore = clock.now() + breaksPerPass * spentMs
      widensAt = now + widensMs
      hasMore = found >= max && allowance > max
      if (matches.length === 0) return
      needs.waited(
        queue.name,
        matches.flatMap((match) => match.teams.flat()).map((id) => now - (tenure.pool.sinceOf(id as EntryId) ?? now)),
      )
      const made = await turns.take(() => proposer.propose(tenure, queue, matches))
      if (made === null) return tenures.lose(tenure)
      rests.tried(queue.mode, made, clock.now())
      await settle(tenure, made, matches.length)
    },
  }
}

export type Passes = ReturnType<typeof createPasses>
