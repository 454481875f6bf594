import { describe, expect, it } from 'vitest'
import { simulatedClock } from '../../../test/support/simulated-clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { createPeople } from './people.ts'
import { type IdentityStore, type Person, sqlIdentityStore } from './store/index.ts'

type Ids = Parameters<ReturnType<typeof createPeople>>[0]

const person = (nick: string): Person => ({ nick, guest: true, username: null, createdAt: 0 })

/** The store as it is, but with the one read answered by the test. */
function ground() {
  const reads: { players: Ids; answer: (found: [Ids[number], Person][]) => void }[] = []
  const store: IdentityStore = sqlIdentityStore()
  store.players.people = (_, players) =>
    new Promise((resolve) => {
      reads.push({ players, answer: (found) => resolve(new Map(found)) })
    })
  const db = { once: <T>(run: (tx: Tx) => Promise<T>) => run({} as Tx) } as Db
  return { reads, peopleOf: createPeople({ clock: simulatedClock(), db, store }) }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('who players are', () => {
  it('is read together for all who ask at once, and each is told of those alone that it asked for', async () => {
    const { reads, peopleOf } = ground()
    const answers = Promise.all([peopleOf(['player_a', 'player_b']), peopleOf(['player_b']), peopleOf(['player_gone'])])
    await turn()
    expect(reads.map(({ players }) => players)).toEqual([['player_a', 'player_b', 'player_gone']])
    reads[0]?.answer([
      ['player_a', person('Ada')],
      ['player_b', person('Bo')],
    ])
    expect((await answers).map((people) => [...people.keys()])).toEqual([['player_a', 'player_b'], ['player_b'], []])
  })

  it('is read anew for who asks while others are being read', async () => {
    const { reads, peopleOf } = ground()
    const before = peopleOf(['player_a'])
    await turn()
    const after = peopleOf(['player_a'])
    reads[0]?.answer([['player_a', person('Ada')]])
    expect((await before).get('player_a')?.nick).toBe('Ada')
    await turn()
    reads[1]?.answer([['player_a', person('Bo')]])
    expect((await after).get('player_a')?.nick).toBe('Bo')
  })
})
