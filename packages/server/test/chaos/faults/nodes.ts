import type { ClusterNode } from '../cluster/index.ts'
import type { FaultKind, FaultNeeds } from './fault.ts'

/** Half of the time the one that matches, for most hangs on it. */
async function oneOf({ cluster, chance }: FaultNeeds): Promise<ClusterNode> {
  const holder = chance.isOnce(0.5) ? await cluster.holder() : null
  return holder ?? chance.pick(cluster.nodes)
}

export const nodeFaults: Record<string, FaultKind> = {
  'kill -9 of a node': async (needs) => {
    const { node } = await oneOf(needs)
    return {
      kind: 'kill -9 of a node',
      on: node.name,
      begin: node.kill,
      lastsMs: needs.chance.between(500, 5_000),
      heal: node.start,
    }
  },
  'kill -9 of the node that matches': async ({ cluster, chance }) => {
    const { node } = (await cluster.holder()) ?? chance.pick(cluster.nodes)
    const lastsMs = chance.between(4_000, 6_000)
    return { kind: 'kill -9 of the node that matches', on: node.name, begin: node.kill, lastsMs, heal: node.start }
  },
  'SIGSTOP of a node': async (needs) => {
    const { node } = await oneOf(needs)
    return {
      kind: 'SIGSTOP of a node',
      on: node.name,
      begin: node.stop,
      lastsMs: needs.chance.between(2_000, 8_000),
      heal: node.goOn,
    }
  },
  'restart of a node': async (needs) => {
    const { node } = await oneOf(needs)
    return {
      kind: 'restart of a node',
      on: node.name,
      begin: () => node.end('SIGTERM'),
      lastsMs: 500,
      heal: node.start,
    }
  },
  'kill -9 of all nodes at once': ({ cluster, chance }) => ({
    ...{ kind: 'kill -9 of all nodes at once', on: 'every node', lastsMs: chance.between(500, 3_000) },
    async begin() {
      await Promise.all(cluster.nodes.map(({ node }) => node.kill()))
    },
    async heal() {
      await Promise.all(cluster.nodes.map(({ node }) => node.start()))
    },
  }),
}
