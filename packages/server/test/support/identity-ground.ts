import { type RawBuilder, sql } from 'kysely'
import { type IdentityOptions, identityOptions } from '../../src/modules/identity/config.ts'
import { createIdentity, type Identity, identityMigrations } from '../../src/modules/identity/index.ts'
import type { Log } from '../../src/platform/log.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { readOptions } from '../../src/platform/options.ts'
import type { Migrations } from '../../src/platform/postgres.ts'
import type { Wakes } from '../../src/platform/wakes.ts'
import { moduleGround } from './module-ground.ts'

export type Tokens = { access_token: string; refresh_token: string; user_id: `player_${string}`; expires_in: number }

export interface Asked {
  token?: string
  body?: unknown
  headers?: Record<string, string>
  address?: string
}

/** Identity on a real database behind the real HTTP edge. Limits are wide unless the test narrows them. */
export async function identityGround(
  given: Partial<IdentityOptions> = {},
  migrations: Migrations = {},
  instead: { log?: Log; startMs?: number } = {},
) {
  const ground = await moduleGround({ ...identityMigrations, ...migrations }, instead)
  const wide = { signInPairMax: 1_000_000, signInAddressMax: 1_000_000, signInNameMax: 1_000_000 }
  const options = readOptions(
    identityOptions,
    { ...wide, registrationsPerMinute: 1_000_000, guestsPerMinute: 1_000_000, ...given },
    'The test',
  )
  const identity = createIdentity(ground, options)
  await identity.start()
  const app = await ground.serve(identity.routes, identity.authenticators)
  const nodes: Identity[] = []

  const ask = async (line: string, { token, body, headers = {}, address = '192.0.2.1' }: Asked = {}) => {
    const [method, url] = line.split(' ') as ['GET' | 'POST' | 'DELETE', string]
    const answer = await app.inject({
      ...{ method, url, remoteAddress: address },
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { payload: body as object }),
    })
    const answered = answer.body === '' ? null : answer.json()
    return { status: answer.statusCode, body: answered, code: answered?.code as string, headers: answer.headers }
  }
  const signUp = async (line: string, body: unknown, more: Asked = {}): Promise<Tokens> => {
    const { status, body: tokens } = await ask(line, { ...more, body })
    if (status !== 200 && status !== 201) throw new Error(`${line}: ${status} ${JSON.stringify(tokens)}`)
    return tokens
  }
  return {
    ...{ ground, identity, options, app, ask },
    rows: async <Row>(query: RawBuilder<Row>): Promise<Row[]> => (await query.execute(ground.kysely)).rows,
    /** Every row of every table, as text. */
    async everything(): Promise<string> {
      const tables = await ground.kysely.introspection.getTables()
      const texts = await Promise.all(
        tables.map(async ({ name }) => {
          const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(
            ground.kysely,
          )
          return `${name}\n${rows.map(({ row }) => row).join('\n')}`
        }),
      )
      return texts.join('\n')
    },
    register: (username: string, password = 'correct horse staple', more?: Asked) =>
      signUp('POST /auth/register', { username, password }, more),
    login: (username: string, password = 'correct horse staple', more?: Asked) =>
      signUp('POST /auth/login', { username, password }, more),
    guest: (username?: string, more?: Asked) =>
      signUp('POST /auth/guest', username === undefined ? {} : { username }, more),
    refresh: (tokens: { refresh_token: string }) =>
      ask('POST /auth/refresh', { body: { refresh_token: tokens.refresh_token } }),
    isLetIn: async (tokens: { access_token: string }) => (await identity.verifyAccess(tokens.access_token)) !== null,
    /** Another node on the same database, with nothing else in common. */
    async anotherNode(wakes = deafWakes): Promise<Identity> {
      const other = createIdentity({ ...ground, wakes, metrics: createMetrics({ process: false }) }, options)
      await other.start()
      nodes.push(other)
      return other
    },
    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node.stop()
      await identity.stop()
      await app.close()
      await ground[Symbol.asyncDispose]()
    },
  }
}

/** Every hint is lost. */
const deafWakes: Wakes = {
  wake: () => undefined,
  hear: () => () => undefined,
  wait: () => ({ over: Promise.resolve(), end: () => undefined }),
  [Symbol.asyncDispose]: async () => undefined,
}

export type IdentityGround = Awaited<ReturnType<typeof identityGround>>
