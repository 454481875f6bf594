import type { Fault, FaultKind, FaultNeeds } from './fault.ts'
import { gameServerFaults } from './game-servers.ts'
import { nodeFaults } from './nodes.ts'
import { postgresFaults, redisFaults } from './stores.ts'
import { wireFaults } from './wires.ts'

export interface Deck {
  kinds: string[]
  draw(): Promise<Fault>
}

/** Every kind comes up before any comes up again, so that a short run is hurt in many ways. */
export function deckOf(needs: FaultNeeds): Deck {
  const { redis } = needs.cluster
  const kinds: Record<string, FaultKind> = {
    ...{ ...nodeFaults, ...postgresFaults, ...gameServerFaults },
    ...(redis === null
      ? wireFaults(['postgres', 'node'])
      : { ...redisFaults(redis), ...wireFaults(['postgres', 'redis', 'node']) }),
  }
  let left: string[] = []
  return {
    kinds: Object.keys(kinds),
    draw: async () => {
      if (left.length === 0) left = needs.chance.shuffled(Object.keys(kinds))
      return (kinds[left.pop() as string] as FaultKind)(needs)
    },
  }
}
