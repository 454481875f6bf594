import type { PlayerId } from '@muster/protocol'
import { expect, it } from 'vitest'
import { createMemoryDb } from '../../../test/support/open-memory-db.ts'
import { simulatedClock } from '../../../test/support/simulated-clock.ts'
import { createLimits } from '../../platform/http/limits.ts'
import { memorySoftState } from '../../platform/soft-state-memory.ts'
import { createJoining, type Joining } from './joining.ts'
import { memoryGamesStore } from './memory-store/index.ts'
import type { KeptGame } from './store.ts'

const bob: PlayerId = 'player_bob'
const game: KeptGame = {
  ...{ id: 'game_1', session: 'session_1', passcode: 'ACDEFG', mode: 'coop', host: 'player_ann' },
  ...{ playersMax: 4, createdAt: 0, endedAt: null },
}

/** Joining a game whose session does `meanwhile` before it gives a seat, as one does that somebody else holds. */
async function joiningOn(meanwhile: (ban: () => Promise<void>) => Promise<void>): Promise<Joining> {
  const clock = simulatedClock()
  const { db } = createMemoryDb()
  const store = memoryGamesStore()
  await db.once((tx) => store.insert(tx, game))
  const ban = () => db.once((tx) => store.ban(tx, game.id, bob))
  return createJoining(
    {
      ...{ db, store, limits: createLimits(memorySoftState(clock), clock.now) },
      places: { of: async () => new Map() },
      modeOf: () => ({ playersMax: 4, guests: true, readyTimeoutMs: 1_000 }),
      rules: { admit: async () => ({ nick: 'bob', guest: false }) },
      async joinSession() {
        await meanwhile(ban)
        return 'seated'
      },
      leaveSession: async () => undefined,
    },
    { guessesPerMinute: 10, guessesPerAddress: 10 },
  )
}

it('seats a friend by the passcode', async () => {
  const joining = await joiningOn(async () => undefined)
  expect(await joining.join('acd-efg', bob, '::1')).toMatchObject({ id: game.id })
})

it('keeps out whom the host removes while they wait for the session', async () => {
  const joining = await joiningOn((ban) => ban())
  await expect(joining.join('acd-efg', bob, '::1')).rejects.toMatchObject({ code: 'KICKED' })
})
