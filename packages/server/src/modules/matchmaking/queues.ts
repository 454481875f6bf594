import { Refusal } from '@muster/protocol'
import { engineRulesOf, type QueueOptions } from './config.ts'
import type { QueueRules } from './engine/index.ts'

export interface Queue extends QueueOptions {
  name: string
  /** Players of the smallest match there can be. */
  leastPlayers: number
  needsAccepting: boolean
}

/** The queues there are, by configuration. */
export interface Queues {
  all: readonly Queue[]
  names: readonly string[]
  find(name: string): Queue | null
  /** Refuses where one of them does not exist, or is not for guests. */
  admit(names: readonly string[], guest: boolean): Queue[]
  rules: ReadonlyMap<string, QueueRules>
}

export function readQueues(options: Readonly<Record<string, QueueOptions>>): Queues {
  const byName = new Map<string, Queue>()
  for (const [name, queue] of Object.entries(options)) {
    const leastPlayers = queue.playersMin ?? queue.teams * queue.teamSize
    byName.set(name, { ...queue, name, leastPlayers, needsAccepting: queue.acceptTimeoutS > 0 })
  }
  return {
    all: [...byName.values()],
    names: [...byName.keys()],
    find: (name) => byName.get(name) ?? null,
    admit(names, guest) {
      const found = names.map((name) => {
        const queue = byName.get(name)
        if (queue === undefined) {
          throw new Refusal('QUEUE_NOT_FOUND', {
            detail: `There is no queue ${name}. GET /queues lists those there are.`,
          })
        }
        return queue
      })
      const closed = guest ? found.find((queue) => !queue.guests) : undefined
      if (closed !== undefined) {
        throw new Refusal('GUESTS_NOT_ALLOWED', {
          detail: `The queue ${closed.name} is for accounts. Make one, then join again.`,
        })
      }
      return found
    },
    rules: new Map([...byName].map(([name, queue]) => [name, engineRulesOf(queue)])),
  }
}
