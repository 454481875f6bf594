import type { WaitingGround } from '../../../test/support/meanwhile.ts'
import type { Tx } from '../db.ts'

export interface Note {
  id: string
  words: string
}

/** The smallest store there can be: one statement a verb. */
export interface Notes {
  /** False if it is there. */
  add(tx: Tx, note: Note): Promise<boolean>
  /** Fails where it is there. */
  addNew(tx: Tx, note: Note): Promise<void>
  /** Adds it, or adds its words to those that are there; answers the words. */
  addTo(tx: Tx, note: Note): Promise<string>
  read(tx: Tx, id: string): Promise<string | null>
  /** All of them, as `id words`, by id. */
  all(tx: Tx): Promise<string[]>
  /** Holds those of these words, by id; answers those of them that still have these words. */
  hold(tx: Tx, ids: readonly string[], words: string): Promise<string[]>
  share(tx: Tx, id: string): Promise<string | null>
  /** Holds the first of these words that nobody else holds. */
  holdFree(tx: Tx, words: string, max: number): Promise<string[]>
  change(tx: Tx, id: string, words: string): Promise<boolean>
  remove(tx: Tx, id: string): Promise<boolean>
}

export interface IsolationGround extends WaitingGround, AsyncDisposable {
  notes: Notes
}
