import type { PlayerId } from '@muster/protocol'
import type * as Matchmaking from '../../packages/server/src/modules/matchmaking/index.ts'
import type * as Places from '../../packages/server/src/modules/presence/places.ts'
import type * as PresenceStore from '../../packages/server/src/modules/presence/store.ts'
import type * as Options from '../../packages/server/src/platform/options.ts'
import { part } from '../built.ts'
import { openPlatform, type Platform } from '../ground.ts'

export interface Ground extends AsyncDisposable, Pick<Platform, 'kysely' | 'db' | 'mintId' | 'metrics'> {
  start(): void
  join(player: PlayerId): Promise<unknown>
}

/** Matchmaking and the places of its players, on a PostgreSQL of its own with everything that makes a commit last. */
export async function openGround(): Promise<Ground> {
  const { readOptions } = await part<typeof Options>('platform/options')
  const { createPlaces } = await part<typeof Places>('modules/presence/places')
  const { presenceMigrations, sqlPresenceStore } = await part<typeof PresenceStore>('modules/presence/store')
  const matchmaking = await part<typeof Matchmaking>('modules/matchmaking/index')

  const ground = await openPlatform({ ...presenceMigrations, ...matchmaking.matchmakingMigrations }, 10)
  const { clock, db, kysely, metrics, mintId } = ground
  const places = createPlaces(db, clock, sqlPresenceStore())

  // Nobody suits anybody, so all who join go on waiting.
  let rating = 10_000_000
  const queue = readOptions(
    matchmaking.queueOptions,
    { mode: 'duel', board: 'duel', window: { initial: 0.001, perSecond: 0.001, max: 0.01 } },
    'the queue',
  )
  const module = matchmaking.createMatchmaking(
    {
      ...ground,
      places,
      push: async () => undefined,
      onMessage: () => undefined,
      ratingsOf: async (_, players) => new Map(players.map((player) => [player, { points: rating++ }])),
      peopleOf: async () => new Map(),
      openSession: async () => 'session_0',
      leaveSession: async () => undefined,
      sessionsView: async () => new Map(),
      admissionOf: async () => null,
    },
    { ...readOptions(matchmaking.matchmakingOptions, {}, 'the options'), queues: { duel: queue } },
  )
  const create = module.routes.find(({ contract }) => contract.method === 'POST' && contract.creates === true)
  if (create === undefined) throw new Error('Nothing can be joined.')

  return {
    ...{ kysely, db, mintId, metrics, start: module.start },
    join: (player: PlayerId) =>
      create.handle({
        ...{ caller: { kind: 'player', player, guest: false }, body: { queues: ['duel'] }, mintId },
      } as never),
    async [Symbol.asyncDispose]() {
      await module.stop()
      await ground[Symbol.asyncDispose]()
    },
  }
}
