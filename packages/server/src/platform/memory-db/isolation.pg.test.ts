import { sql } from 'kysely'
import { createTestDb } from '../../../test/support/open-database.ts'
import { sqlOf, type Tx } from '../db.ts'
import { seededRandom } from '../random.ts'
import { isolationSuite } from './isolation-suite.ts'
import type { Note, Notes } from './notes.ts'

interface NoteTables {
  notes: Note
}

const tables = (tx: Tx) => sqlOf<NoteTables>(tx)
const rowsOf = async (tx: Tx, query: ReturnType<typeof sql<Note>>) => (await query.execute(tables(tx))).rows

const notes: Notes = {
  async add(tx, { id, words }) {
    const query = sql<Note>`insert into notes (id, words) values (${id}, ${words}) on conflict do nothing returning *`
    return (await rowsOf(tx, query)).length > 0
  },
  async addNew(tx, { id, words }) {
    await rowsOf(tx, sql`insert into notes (id, words) values (${id}, ${words})`)
  },
  async addTo(tx, { id, words }) {
    const query = sql<Note>`insert into notes (id, words) values (${id}, ${words})
      on conflict (id) do update set words = notes.words || excluded.words returning *`
    return (await rowsOf(tx, query))[0]?.words ?? ''
  },
  async read(tx, id) {
    return (await rowsOf(tx, sql`select * from notes where id = ${id}`))[0]?.words ?? null
  },
  async all(tx) {
    return (await rowsOf(tx, sql`select * from notes order by id`)).map(({ id, words }) => `${id} ${words}`)
  },
  async hold(tx, ids, words) {
    const query = sql<Note>`
      select * from notes where id = any(${ids}::text[]) and words = ${words} order by id for update`
    return (await rowsOf(tx, query)).map(({ id }) => id)
  },
  async share(tx, id) {
    return (await rowsOf(tx, sql`select * from notes where id = ${id} for share`))[0]?.words ?? null
  },
  async holdFree(tx, words, max) {
    const query = sql<Note>`
      select * from notes where words = ${words} order by id limit ${max} for update skip locked`
    return (await rowsOf(tx, query)).map(({ id }) => id)
  },
  async change(tx, id, words) {
    return (await rowsOf(tx, sql`update notes set words = ${words} where id = ${id} returning *`)).length > 0
  },
  async remove(tx, id) {
    return (await rowsOf(tx, sql`delete from notes where id = ${id} returning *`)).length > 0
  },
}

isolationSuite('PostgreSQL', async () => {
  const { db, kysely, untilWaiting, dispose } = await createTestDb(seededRandom(1))
  await sql`create table notes (id text primary key, words text not null)`.execute(kysely)
  return { db, notes, untilWaiting, [Symbol.asyncDispose]: dispose }
})
