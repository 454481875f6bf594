import { createClient, type FoundMatch, type MusterClient } from '@muster/client'
import { type GameSession, type RegisteredServer, register } from '@muster/gameserver'
import { WebSocket } from 'ws'
import { type RunFolder, runFolder } from '../chaos/cluster/folder.ts'
import { type Cluster, type ClusterNode, openCluster } from '../chaos/cluster/index.ts'
import { eventually } from '../support/eventually.ts'

const config = {
  modes: { arena: { server: { registered: true }, loadingTimeoutS: 30 } },
  boards: { arena: { rating: { system: 'elo' } } },
  queues: { arena: { mode: 'arena', board: 'arena', acceptTimeoutS: 20, window: { initial: 10_000 } } },
  fleet: { heartbeatIntervalS: 2, ttlS: 10 },
}

/** Three nodes, one game server that lives in the test, and players who may call any of the nodes. */
export interface NodesGround extends AsyncDisposable {
  run: RunFolder
  cluster: Cluster
  key: { id: string; secret: string }
  /** Calls one node, past the balancer and every wire. */
  on(node: number): { url: string }
  guest(node: number): Promise<MusterClient>
  /** The same player, through another node. */
  same(player: MusterClient, node: number): MusterClient
  /** The session once it is on the game server. */
  sessionOf(found: FoundMatch): Promise<GameSession>
  holder(withinMs: number): Promise<ClusterNode>
}

export async function nodesGround(): Promise<NodesGround> {
  const run = await runFolder()
  try {
    const cluster = await openCluster(run, 3, () => config)
    const made = await cluster.muster('keys', 'create', '--name', 'arena', '--scope', 'server', '--json')
    const key = JSON.parse(made.stdout) as NodesGround['key']
    const sessions = new Map<string, GameSession>()
    const server: RegisteredServer = await register({
      ...{ url: cluster.balancer.url, apiKey: key.secret },
      server: { id: 'arena', name: 'arena', address: '127.0.0.1', ports: { game: 9 }, capacity: 100, modes: ['arena'] },
      async onSession(session) {
        sessions.set(session.id, session)
        await session.ready()
      },
    })
    const on = (node: number) => ({ url: (cluster.nodes[node % cluster.nodes.length] as ClusterNode).node.url })
    const tokensOf = new WeakMap<MusterClient, { current: Parameters<typeof createClient>[0]['tokens'] }>()
    const clientOn = (node: number, tokens?: Parameters<typeof createClient>[0]['tokens']) => {
      const held = { current: tokens }
      const client = createClient({
        ...{ ...on(node), WebSocket, tokens },
        onTokens: (next) => {
          held.current = next ?? undefined
        },
      })
      tokensOf.set(client, held)
      return client
    }
    return {
      ...{ run, cluster, key, on },
      async guest(node) {
        const client = clientOn(node)
        await client.guest()
        return client
      },
      same: (player, node) => clientOn(node, tokensOf.get(player)?.current),
      sessionOf: ({ match }) =>
        eventually('the game server has the session', async () => sessions.get(match.session_id)),
      holder: async (withinMs) => eventually('a node matches', () => cluster.holder(), withinMs),
      async [Symbol.asyncDispose]() {
        await server.leave().catch(() => undefined)
        await cluster[Symbol.asyncDispose]()
        await run.end(false)
      },
    }
  } catch (error) {
    await run.end(false)
    throw error
  }
}
