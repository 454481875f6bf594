import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SessionId } from '@muster/protocol'
import { sql } from 'kysely'
import { type ClusterSource, clusterSource } from '../../src/modules/fleet/agones/cluster/config.ts'
import { fleetOptions } from '../../src/modules/fleet/config.ts'
import { createFleet, type Fleet, fleetMigrations } from '../../src/modules/fleet/index.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { readOptions } from '../../src/platform/options.ts'
import { agonesCluster, clusterToken, tlsFile } from './agones-cluster.ts'
import { eventually } from './eventually.ts'
import { moduleGround } from './module-ground.ts'

export type Way = 'allocator' | 'kubernetes'

/** Fleets on a real database that allocate from a cluster. */
export async function clusterGround(way: Way) {
  const ground = await moduleGround(fleetMigrations)
  const cluster = await agonesCluster()
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-cluster-'))
  const tokenFile = join(dataDir, 'token')
  await writeFile(tokenFile, `${clusterToken}\n`)
  const opened: Fleet[] = []
  const modes = new Map<string, ClusterSource>()
  const kubernetes = { url: cluster.url, caFile: tlsFile('ca.crt'), tokenFile }
  const allocator = {
    ...{ url: cluster.url, caFile: tlsFile('ca.crt') },
    ...{ certFile: tlsFile('client.crt'), keyFile: tlsFile('client.key') },
  }

  return {
    ...ground,
    ...{ cluster, tokenFile },
    mode: (name: string, over: object = {}) =>
      void modes.set(name, readOptions(clusterSource, { cluster: 'eu', port: 'game', ...over }, 'the test')),
    async muster(over: object = {}) {
      const eu = {
        ...{ namespace: 'games', apiUrl: 'https://muster.example', retryMs: 50, lookEveryS: 0.1, lingerS: 0 },
        ...(way === 'allocator' ? { allocator, kubernetes } : { kubernetes }),
        ...over,
      }
      const fleet = createFleet(
        {
          ...{ ...ground, clock: systemClock, node: ground.mintId('node'), dataDir },
          apiUrl: () => 'http://127.0.0.1:3000',
          environment: {},
          hasMode: (mode) => modes.has(mode),
          launchSourceOf: () => null,
          clusterSourceOf: (mode) => modes.get(mode) ?? null,
        },
        readOptions(fleetOptions, { clusters: { eu }, sweepEveryS: 0.1 }, 'the test'),
      )
      await fleet.start()
      opened.push(fleet)
      const ask = (mode: string, session: SessionId) => {
        const claim = { session, mode, region: null, slots: 2, brief: { match_id: 'match_1' } }
        return ground.db.transact((tx) => fleet.launch(tx, claim))
      }
      return Object.assign(fleet, {
        ask,
        /** Asks as a session that waits does, until there is a server. */
        async given(mode: string, session = ground.mintId('session')) {
          const given = await eventually('a server is given', async () => {
            const answer = await ask(mode, session)
            return answer !== 'asked' && answer
          })
          return { ...given, session }
        },
        letGo: (session: SessionId) => ground.db.transact((tx) => fleet.release(tx, session, 'completed')),
        view: async (session: SessionId) => (await fleet.viewOf([session])).get(session) ?? null,
      })
    },
    claims: async () =>
      (await sql<{ state: string }>`select * from fleet_cluster_claims order by session`.execute(ground.kysely)).rows,
    /** As if whoever waits had not said so for long. */
    forgetWish: () => sql`update fleet_cluster_claims set wanted_at = 0`.execute(ground.kysely),
    detailOf: async (server: string) => {
      const { rows } = await sql<{ gone_detail: string | null }>`
        select gone_detail from fleet_servers where id = ${server}`.execute(ground.kysely)
      return rows[0]?.gone_detail
    },
    async [Symbol.asyncDispose]() {
      for (const fleet of opened) await fleet.stop('keep')
      await cluster[Symbol.asyncDispose]()
      await ground[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export type ClusterGround = Awaited<ReturnType<typeof clusterGround>>
