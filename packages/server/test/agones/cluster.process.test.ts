import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { agonesCluster, clusterToken, tlsFile } from '../support/agones-cluster.ts'
import { eventually } from '../support/eventually.ts'
import { findTogether, newPlayer } from '../support/journey-players.ts'
import { musterHome } from '../support/muster-process.ts'

/** A game server that says hello to whoever comes, as it would run in a cluster. */
async function gameServer() {
  const server = createServer((player) => player.on('error', () => undefined).end('Welcome.\n')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

it('brings two players to a server of a cluster, and frees them when it is lost', async () => {
  await using cluster = await agonesCluster()
  await using server = await gameServer()
  const queue = { mode: 'duel', teams: 2, teamSize: 1, acceptTimeoutS: 15 }
  const kubernetes = { url: cluster.url, caFile: tlsFile('ca.crt'), tokenFile: 'token' }
  const allocator = {
    ...{ url: cluster.url, caFile: tlsFile('ca.crt') },
    ...{ certFile: tlsFile('client.crt'), keyFile: tlsFile('client.key') },
  }
  const eu = { namespace: 'games', allocator, kubernetes, retryMs: 100, lookEveryS: 0.2, lingerS: 0 }
  const selectors = [{ matchLabels: { 'agones.dev/fleet': 'duels' } }]
  await using home = await musterHome({
    modes: { duel: { server: { agones: { cluster: 'eu', selectors, port: 'game' } }, allocateWaitS: 20 } },
    queues: { duel: { ...queue, window: { initial: 5_000, perSecond: 0, max: 5_000 } } },
    fleet: { clusters: { eu } },
  })
  // Beside the configuration, where its path starts from.
  await writeFile(join(home.folder, 'token'), clusterToken)
  const muster = await home.start()
  const [ann, bob] = await Promise.all([newPlayer(muster.url, 'ann'), newPlayer(muster.url, 'bob')])
  try {
    const finding = findTogether([ann, bob])
    await eventually('the cluster was asked', async () => cluster.requests.length > 0)
    const given = cluster.add({ port: server.port })
    const [forAnn, forBob] = await finding
    expect(forAnn?.match).toEqual(forBob?.match)
    const { match } = forAnn!
    expect(match).toMatchObject({ host: '127.0.0.1', port: server.port })
    const [words] = (await once(connect(match.port, match.host), 'data')) as [Buffer]
    expect(String(words)).toBe('Welcome.\n')
    expect(JSON.parse(given.annotations['muster/match'] ?? '')).toMatchObject({
      ...{ match_id: match.match_id, mode: 'duel', factions: match.factions },
    })
    expect(await ann.client.session(match.session_id)).toMatchObject({ state: 'in_progress' })

    cluster.servers.delete(given.name)
    const ended = await eventually('the session is lost', async () => {
      const session = await ann.client.session(match.session_id)
      return session.state === 'abandoned' && session
    })
    expect(ended).toMatchObject({ reason: 'server_lost' })
    expect((await ann.client.join({ queues: ['duel'] })).status).toBe('searching')
    expect(cluster.complaints).toEqual([])
    expect(await muster.end('SIGTERM')).toBe(0)
  } finally {
    for (const player of [ann, bob]) player.gateway.close()
  }
})
