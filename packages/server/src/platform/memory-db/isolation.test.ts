import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { addOrHold, memoryOf, memoryTable, rowsIn, uniqueViolation } from './index.ts'
import { isolationSuite } from './isolation-suite.ts'
import type { Note, Notes } from './notes.ts'

const table = memoryTable<Note>('notes', ({ id }) => id, { words: ({ words }) => [words] })

const notes: Notes = {
  add: (tx, note) => rowsIn(tx, table).insert(note),
  async addNew(tx, note) {
    if (!(await rowsIn(tx, table).insert(note))) throw memoryOf(tx).fail(uniqueViolation('notes_pkey'))
  },
  async addTo(tx, note) {
    const rows = rowsIn(tx, table)
    const there = await addOrHold(rows, note.id, note)
    if (there === null) return note.words
    const words = there.words + note.words
    rows.put({ ...there, words })
    return words
  },
  read: async (tx, id) => rowsIn(tx, table).get(id)?.words ?? null,
  async all(tx) {
    return rowsIn(tx, table)
      .all()
      .map(({ id, words }) => `${id} ${words}`)
      .sort()
  },
  async hold(tx, ids, words) {
    const rows = rowsIn(tx, table)
    const fits = (note: Note | null) => note?.words === words
    const held = await rows.hold(ids.filter((id) => fits(rows.get(id))))
    return held.filter(fits).map(({ id }) => id)
  },
  async share(tx, id) {
    const [note] = await rowsIn(tx, table).hold([id], 'share')
    return note?.words ?? null
  },
  async holdFree(tx, words, max) {
    const rows = rowsIn(tx, table)
    const ids = rows.by('words', words).map(({ id }) => id)
    return rows.holdFree(ids.sort(), max).map(({ id }) => id)
  },
  async change(tx, id, words) {
    const rows = rowsIn(tx, table)
    const held = await rows.hold([id])
    for (const note of held) rows.put({ ...note, words })
    return held.length > 0
  },
  async remove(tx, id) {
    const rows = rowsIn(tx, table)
    const held = await rows.hold([id])
    for (const note of held) rows.remove(note.id)
    return held.length > 0
  },
}

isolationSuite('memory', async () => {
  const { db, untilWaiting } = createMemoryDb()
  return { db, notes, untilWaiting, [Symbol.asyncDispose]: async () => undefined }
})
