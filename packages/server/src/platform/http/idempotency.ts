import { createHash } from 'node:crypto'
import { Refusal } from '@muster/protocol'
import type { Clock } from '../clock.ts'
import { type Db, sqlOf } from '../db.ts'
import { type MintId, repeatableMint } from '../ids.ts'
import type { Log } from '../log.ts'
import { type Migrations, statements } from '../postgres.ts'
import type { Random } from '../random.ts'
import { repeating } from '../repeat.ts'
import type { Secrets } from '../secrets.ts'

/** How long an answer is kept for repetition. */
const keptMs = 24 * 3_600_000
/** A first request whose process has not been heard of for so long is taken for dead, and its repetition runs. */
const patienceMs = 5_000
/** About how often a request that is under way says that it is. */
const aliveMs = 1_500

interface KeptAnswer {
  status: number
  headers?: Readonly<Record<string, string>>
  body: unknown
}

interface IdempotencyTables {
  platform_idempotency: {
    id: string
    request_hash: string
    created_at: number
    running_until: number | null
    answer: Buffer | null
    ends_at: number
  }
}

export const idempotencyMigrations: Migrations = {
  platform_0002_idempotency: statements(
    `create table platform_idempotency (
       id text primary key, request_hash text not null, created_at bigint not null,
       running_until bigint, answer bytea, ends_at bigint not null)`,
    'create index platform_idempotency_ends on platform_idempotency (ends_at)',
  ),
}

export interface Idempotency {
  /** Runs `handle` once for this caller and key; a repetition gets the first answer. `handle` mints its ids with the
   *  mint it is given, so that even a repetition after a crash makes the same things. */
  run(
    request: { caller: string; key: string; content: string },
    handle: (mintId: MintId) => Promise<KeptAnswer>,
  ): Promise<KeptAnswer>
  /** Removes what is kept no longer. */
  sweep(): Promise<void>
}

export interface IdempotencyNeeds {
  db: Db
  clock: Clock
  random: Random
  log: Log
  secrets: Secrets
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

export function createIdempotency({ db, clock, random, log, secrets }: IdempotencyNeeds): Idempotency {
  const tables = sqlOf<IdempotencyTables>

  return {
    async run(request, handle) {
      const id = hashOf(JSON.stringify([request.caller, request.key]))
      // Answers may hold tokens; the sealing key needs the caller's own key, which is not kept here.
      const purpose = `idempotency ${hashOf(`answer ${request.key} ${request.caller}`)}`
      // Under a key, since requests hold passwords: a plain hash would let who reads the table guess them fast.
      const requestHash = secrets.derive('idempotency request', request.content).toString('hex')
      const now = clock.now()

      const begun = { running_until: now + patienceMs, answer: null }
      const held = await db.once(async (tx) => {
        const fresh = { ...begun, request_hash: requestHash, created_at: now, ends_at: now + keptMs }
        const inserted = await tables(tx)
          .insertInto('platform_idempotency')
          .values({ id, ...fresh })
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet(fresh).where('platform_idempotency.ends_at', '<=', now),
          )
          .returning(['created_at'])
          .executeTakeFirst()
        if (inserted !== undefined) return { createdAt: now, answer: null }
        const row = await tables(tx)
          .selectFrom('platform_idempotency')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst()
        if (row === undefined) throw new Refusal('IDEMPOTENCY_IN_PROGRESS', { retryAfterS: 1 })
        if (row.request_hash !== requestHash) throw new Refusal('IDEMPOTENCY_KEY_REUSED')
        if (row.answer !== null) return { createdAt: row.created_at, answer: row.answer }
        const taken = await tables(tx)
          .updateTable('platform_idempotency')
          .set(begun)
          .where('id', '=', id)
          .where('answer', 'is', null)
          .where((where) => where.or([where('running_until', 'is', null), where('running_until', '<', now)]))
          .returning('created_at')
          .executeTakeFirst()
        if (taken === undefined) throw new Refusal('IDEMPOTENCY_IN_PROGRESS', { retryAfterS: 1 })
        return { createdAt: taken.created_at, answer: null }
      })
      const opened = (sealed: Buffer) => JSON.parse(secrets.open(purpose, sealed).toString()) as KeptAnswer
      if (held.answer !== null) return opened(held.answer)

      let until = begun.running_until
      const alive = repeating({ clock, random, log }, 'a request under way says so', aliveMs, async () => {
        const next = clock.now() + patienceMs
        const mine = await db.once((tx) =>
          tables(tx)
            .updateTable('platform_idempotency')
            .set({ running_until: next })
            .where('id', '=', id)
            .where('answer', 'is', null)
            .where('running_until', '=', until)
            .returning('id')
            .executeTakeFirst(),
        )
        if (mine !== undefined) until = next
      })
      /** Only while the row is still this run's: who was taken for dead must not undo what came after. */
      const keep = (change: Pick<IdempotencyTables['platform_idempotency'], 'running_until' | 'answer'>) =>
        db.once(async (tx) => {
          const kept = await tables(tx)
            .updateTable('platform_idempotency')
            .set(change)
            .where('id', '=', id)
            .where('answer', 'is', null)
            .where('running_until', '=', until)
            .returning('id')
            .executeTakeFirst()
          if (kept !== undefined) return null
          const row = tables(tx).selectFrom('platform_idempotency').select('answer').where('id', '=', id)
          return (await row.executeTakeFirst())?.answer ?? null
        })
      let answer: KeptAnswer
      try {
        answer = await handle(repeatableMint(id, held.createdAt)).finally(() => alive.stop())
      } catch (error) {
        // A refusal changed nothing, so the same key may try again at once; where not even this can be kept, later.
        await keep({ answer: null, running_until: null }).catch(() => undefined)
        throw error
      }
      const first = await keep({
        answer: secrets.seal(purpose, Buffer.from(JSON.stringify(answer))),
        running_until: null,
      })
      return first === null ? answer : opened(first)
    },
    async sweep() {
      await db.once((tx) => tables(tx).deleteFrom('platform_idempotency').where('ends_at', '<', clock.now()).execute())
    },
  }
}
