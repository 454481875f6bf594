import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope, SessionId } from '@muster/protocol'
import { type FleetOptions, fleetOptions } from '../../src/modules/fleet/config.ts'
import type { Claim } from '../../src/modules/fleet/domain.ts'
import { createEnding } from '../../src/modules/fleet/endings.ts'
import { createFigures } from '../../src/modules/fleet/figures.ts'
import { createFleet, fleetMigrations } from '../../src/modules/fleet/index.ts'
import { sqlFleetStore } from '../../src/modules/fleet/store/sql.ts'
import { createSweeper } from '../../src/modules/fleet/sweeper.ts'
import type { Caller } from '../../src/platform/http/route.ts'
import { readOptions } from '../../src/platform/options.ts'
import { moduleGround } from './module-ground.ts'

const callers: Record<string, Caller> = Object.fromEntries(
  (['server', 'service', 'operator'] as Scope[]).flatMap((scope) =>
    ['', '2'].map((number) => [
      `muster_sk_${scope}${number}`,
      { kind: 'key', key: `key_${scope}${number}`, scopes: [scope] },
    ]),
  ),
)

/** The fleet behind the real HTTP edge, on a clock that the test moves; it launches nothing. */
export async function fleetGround(options: Partial<FleetOptions> = {}) {
  const ground = await moduleGround(fleetMigrations)
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-fleet-'))
  const read = readOptions(fleetOptions, { beatGatherMs: 0, ...options }, 'the test')
  const fleet = createFleet(
    {
      ...ground,
      ...{ dataDir, node: `node-${ground.mintId('test')}`, environment: {} },
      apiUrl: () => 'http://127.0.0.1:3000',
      hasMode: (mode) => mode !== 'nosuchmode',
      launchSourceOf: () => null,
    },
    read,
  )
  await fleet.start()
  const figures = createFigures(ground.metrics)
  const store = sqlFleetStore()
  const sweep = createSweeper(
    { ...ground, store, figures, endServers: createEnding({ ...ground, store, figures }) },
    read,
  )
  const app = await ground.serve(fleet.routes, {
    key: async (token) => callers[token] ?? null,
    player: async () => ({
      ...{ kind: 'player', player: 'player_1', nick: 'Op', guest: false, login: 'login_1', operator: true },
    }),
    ...fleet.authenticators,
  })

  return {
    ...ground,
    ...{ fleet, app, sweep },
    /** Calls as a key of the scope named; `server2` is another key than `server`. */
    async call(as: string, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
      const authorization = as === 'player' ? 'Bearer player' : `Bearer muster_sk_${as}`
      const headers = as === '' ? {} : { authorization }
      const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
      return { status: answer.statusCode, body: answer.body === '' ? null : answer.json() }
    },
    reserve: (session: SessionId, over: Partial<Claim> = {}) =>
      ground.db.transact((tx) =>
        fleet.reserve(tx, { session, mode: 'duel', region: null, slots: 2, brief: { match_id: 'match_1' }, ...over }),
      ),
    view: async (session: SessionId) => (await fleet.viewOf([session])).get(session),
    async [Symbol.asyncDispose]() {
      await fleet.stop()
      await app.close()
      await ground[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export type FleetGround = Awaited<ReturnType<typeof fleetGround>>
