import type { Db, Tx } from '../../src/platform/db.ts'

export interface UndoingDb {
  db: Db
  /** What puts memory back as it was if this transaction comes to nothing. */
  note(tx: Tx, undo: () => void): void
}

/** Lets what a test keeps in memory beside a real database be undone with the transaction that changed it. */
export function undoingDb(real: Db): UndoingDb {
  const journals = new WeakMap<Tx, (() => void)[]>()

  const undoable = async <T>(begin: Db['transact'], run: (tx: Tx) => Promise<T>): Promise<T> => {
    let journal: (() => void)[] = []
    const undo = () => {
      for (const one of journal.splice(0).reverse()) one()
    }
    try {
      return await begin((tx) => {
        // The transaction may be begun anew after a deadlock.
        undo()
        journal = []
        journals.set(tx, journal)
        return run(tx)
      })
    } catch (error) {
      undo()
      throw error
    }
  }

  return {
    db: { transact: (run) => undoable(real.transact, run), once: (run) => undoable(real.once, run) },
    note: (tx, undo) => void journals.get(tx)?.push(undo),
  }
}
