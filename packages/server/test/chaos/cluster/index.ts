/** Several nodes as they run in earnest: processes of their own on one PostgreSQL and one Redis, with a wire before each. */
import { execFile } from 'node:child_process'
import { type Balancer, openBalancer } from './balancer.ts'
import type { RunFolder } from './folder.ts'
import { type MusterNode, musterNode, writeSecret } from './node.ts'
import { musterProgram } from './repository.ts'
import { type Postgres, postgresIn, type Redis, redisIn } from './stores.ts'
import { until } from './until.ts'
import { type Wire, wireTo } from './wire.ts'

export interface ClusterNode {
  node: MusterNode
  /** The node's own ways to the stores, and the way to the node. */
  wires: { postgres: Wire; redis: Wire | null; node: Wire }
}

export interface Cluster extends AsyncDisposable {
  postgres: Postgres
  redis: Redis | null
  nodes: ClusterNode[]
  balancer: Balancer
  /** A command of Muster's, straight on the database. */
  muster(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }>
  /** The node that matches, if any is known to. */
  holder(): Promise<ClusterNode | null>
  allReady(withinMs: number): Promise<void>
}

/** `configOf` is asked once for each node: nodes on one machine need ports of their own for what they launch. */
export async function openCluster(run: RunFolder, count: number, configOf: (node: number) => object): Promise<Cluster> {
  const [postgres, redis, secretFile] = await Promise.all([postgresIn(run), redisIn(run), writeSecret(run)])
  await Promise.all([postgres.start(), redis?.start()])
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, at): Promise<ClusterNode> => {
      const name = `node-${at + 1}`
      const toPostgres = await wireTo(`${name} to PostgreSQL`, postgres.port)
      const toRedis = redis === null ? null : await wireTo(`${name} to Redis`, redis.port)
      const node = await musterNode(run, {
        ...{ name, config: configOf(at), secretFile },
        databaseUrl: postgres.urlAt(toPostgres.port),
        redisUrl: toRedis === null ? null : `redis://127.0.0.1:${toRedis.port}`,
      })
      return { node, wires: { postgres: toPostgres, redis: toRedis, node: await wireTo(name, node.port) } }
    }),
  )
  await Promise.all(nodes.map(({ node }) => node.start()))
  const balancer = await openBalancer(nodes.map(({ node, wires }) => ({ name: node.name, port: wires.node.port })))

  return {
    ...{ postgres, redis, nodes, balancer },
    muster: (...words) =>
      new Promise((resolve) => {
        const environment = { ...nodes[0]?.node.environment, DATABASE_URL: postgres.urlAt(postgres.port) }
        execFile(
          process.execPath,
          [musterProgram, ...words],
          { cwd: run.path, env: environment },
          (error, stdout, stderr) => {
            resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
          },
        )
      }),
    async holder() {
      const held = await Promise.all(nodes.map(async (one) => ((await one.node.holdsLease()) ? one : null)))
      return held.find((one) => one !== null) ?? null
    },
    async allReady(withinMs) {
      const ready = async () => (await Promise.all(nodes.map(({ node }) => node.isReady()))).every(Boolean)
      await until('every node is ready', ready, withinMs)
    },
    async [Symbol.asyncDispose]() {
      await balancer[Symbol.asyncDispose]()
      for (const { node, wires } of nodes) {
        await node.kill()
        for (const wire of Object.values(wires)) await wire?.[Symbol.asyncDispose]()
      }
      await Promise.all([postgres.kill(), redis?.kill()])
    },
  }
}
