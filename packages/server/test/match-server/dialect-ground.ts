import { eventually } from '../support/eventually.ts'
import { type Home, type MusterProcess, musterHome } from '../support/muster-process.ts'
import { type DocumentClient, type DocumentMatch, documentClient } from './document-client.ts'
import { type DocumentServer, documentServer } from './document-server.ts'

const ttlS = 2
export const acceptTimeoutS = 2
/** Longer than a killed Muster needs to serve again. */
export const readyTimeoutS = 8
const queue = { teams: 2, teamSize: 1, board: 'arena', window: { initial: 5_000, perSecond: 0 } }
const config = {
  modes: { arena: { server: { registered: true }, readyTimeoutS, allocateWaitS: 1, loadingTimeoutS: 20 } },
  boards: { arena: { rating: { system: 'elo' } } },
  queues: {
    arena: { ...queue, mode: 'arena', acceptTimeoutS, declinePause: { firstS: 0 } },
    blitz: { ...queue, mode: 'arena', acceptTimeoutS: 0 },
  },
  fleet: { ttlS, heartbeatIntervalS: 0.5, launchBeatS: 0.5 },
  matchmaking: { noServerHold: { firstS: 0.2, maxS: 0.5 } },
  dialects: {
    ...{ matchServersAllowed: ['127.0.0.1:1024-65535'], probeEveryS: 0.3, lookEveryMs: 100, prepareTimeoutMs: 500 },
    ...{ prepareRetryMs: 200 },
  },
}

type Pair = readonly [DocumentClient, DocumentClient]

/** A real Muster process, and clients and match servers that know only the document. */
export async function dialectGround() {
  const home: Home = await musterHome(config)
  let muster: MusterProcess = await home.start()
  const newKey = async (scope: string) =>
    (await home.run('keys', 'create', '--name', `for ${scope}`, '--scope', scope)).stdout.trim()
  const serverKey = await newKey('server')
  const serviceKey = await newKey('service')
  let count = 0
  const servers: DocumentServer[] = []
  const clients: DocumentClient[] = []

  async function client(): Promise<DocumentClient> {
    const made = documentClient(muster.url, `client-${++count}`)
    clients.push(made)
    await expected(made.register(), 'Registered')
    return made
  }
  /** A match server that has not signed in. */
  async function stranger(more: { loadMs?: number; port?: number; username?: string } = {}): Promise<DocumentServer> {
    const made = await documentServer({ url: muster.url, username: `server-${++count}`, ...more })
    servers.push(made)
    return made
  }
  async function server(more: { loadMs?: number; port?: number } = {}, key = serverKey): Promise<DocumentServer> {
    const made = await stranger(more)
    await expected(made.register(key), 'Registered')
    return made
  }

  return {
    ...{ home, serverKey, serviceKey, newKey, client, stranger, server },
    muster: () => muster,
    async killAndStart(meanwhile: () => void) {
      await muster.end('SIGKILL')
      meanwhile()
      muster = await home.start()
    },
    two: async (): Promise<Pair> => [await client(), await client()],
    async offered(more: { loadMs?: number } = {}): Promise<DocumentServer> {
      const made = await server(more)
      await expected(made.offer(), 'MatchServerOffered')
      return made
    },
    /** A server as operators see it: its state, or null once it is gone. */
    async stateOf(address: string): Promise<string | null> {
      const headers = { authorization: `Bearer ${serviceKey}` }
      const { servers: list } = (await (await fetch(`${muster.url}/servers`, { headers })).json()) as {
        servers: { name: string; state: string }[]
      }
      return list.find(({ name }) => name === address)?.state ?? null
    },
    async ratingOf(nick: string): Promise<number | null> {
      const board = (await (await fetch(`${muster.url}/leaderboards/arena?limit=100`)).json()) as {
        rows: { nick: string; rating: number }[]
      }
      return board.rows.find((row) => row.nick === nick)?.rating ?? null
    },
    /** Both look and find each other. */
    async foundTogether(pair: Pair, mode = 'arena'): Promise<void> {
      for (const each of pair) await each.look(mode)
      for (const each of pair) await each.lookUntil(['MatchFound'], [mode])
    },
    async acceptAll(pair: Pair): Promise<void> {
      for (const each of pair) await each.say({ type: 'AcceptMatch' })
    },
    async confirmTogether([one, other]: Pair): Promise<[DocumentMatch, DocumentMatch]> {
      for (const each of [one, other]) await each.look('arena')
      return Promise.all([one.confirm('arena'), other.confirm('arena')])
    },
    asked: async (asked: DocumentServer) => {
      await eventually('it is asked to prepare', async () => asked.prepared.length > 0)
    },
    /** Each test begins with servers of its own, and with nobody in a queue. */
    async clear() {
      for (const each of clients.splice(0)) await each.say({ type: 'RevokeFromMatch' })
      for (const each of servers.splice(0)) {
        await each.revoke()
        await each.die()
      }
    },
    async [Symbol.asyncDispose]() {
      for (const each of servers) await each.die()
      await muster.end('SIGTERM')
      await home[Symbol.asyncDispose]()
    },
  }
}

export type DialectGround = Awaited<ReturnType<typeof dialectGround>>

async function expected(said: Promise<string>, wanted: string): Promise<void> {
  const heard = await said
  if (heard !== wanted) throw new Error(`Heard ${heard} instead of ${wanted}.`)
}
