import type { Db } from '../../src/platform/db.ts'

export interface QuietDb {
  db: Db
  /** Resolves when nothing is asked of the database any more, and nothing that was answered asks anew. */
  quiet(): Promise<void>
}

const stillTurns = 4

/** Lets a test on a simulated clock wait until all that a moment set going has been done. */
export function quietDb(real: Db): QuietDb {
  let running = 0
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    running++
    try {
      return await work
    } finally {
      running--
    }
  }
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    db: { transact: (run) => counted(real.transact(run)), once: (run) => counted(real.once(run)) },
    async quiet() {
      for (let still = 0; still < stillTurns; still++) {
        await turn()
        if (running > 0) still = -1
      }
    },
  }
}
