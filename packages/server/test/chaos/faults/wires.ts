import type { ClusterNode } from '../cluster/index.ts'
import type { Weather, Wire } from '../cluster/wire.ts'
import type { FaultKind, FaultNeeds } from './fault.ts'

type Which = 'postgres' | 'redis' | 'node'
const called: Record<Which, string> = { postgres: 'PostgreSQL', redis: 'Redis', node: 'a node' }

/** One node's wire or everybody's: a bad line, or a bad store. */
function wiresOf({ cluster, chance }: FaultNeeds, which: Which): Wire[] {
  const wireOf = ({ wires }: ClusterNode) => wires[which]
  const all = cluster.nodes.map(wireOf).filter((wire) => wire !== null)
  return which === 'node' || chance.isOnce(0.6) ? [chance.pick(all)] : all
}

const weathers: Record<string, (needs: FaultNeeds) => Weather> = {
  slow: ({ chance }) => ({ kind: 'slow', delayMs: chance.between(50, 400) }),
  'half-open': () => ({ kind: 'half_open' }),
  silent: () => ({ kind: 'silent' }),
  cut: () => ({ kind: 'cut' }),
}

const wireFault =
  (kind: string, which: Which, weatherOf: (needs: FaultNeeds) => Weather): FaultKind =>
  (needs) => {
    const wires = wiresOf(needs, which)
    const weather = weatherOf(needs)
    const set = (next: Weather) => {
      for (const wire of wires) wire.set(next)
    }
    return {
      ...{ kind, on: wires.map(({ name }) => name).join(', '), lastsMs: needs.chance.between(2_000, 6_000) },
      begin: () => set(weather),
      heal: () => set({ kind: 'clear' }),
    }
  }

export const wireFaults = (whiches: readonly Which[]): Record<string, FaultKind> =>
  Object.fromEntries(
    whiches.flatMap((which) =>
      Object.entries(weathers).map(([name, weatherOf]) => {
        const kind = `${name} wire to ${called[which]}`
        return [kind, wireFault(kind, which, weatherOf)]
      }),
    ),
  )
