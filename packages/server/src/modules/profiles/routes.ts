import { type OwnProfile, type PlayerId, profileContracts, Refusal } from '@muster/protocol'
import { type Clock, timeText } from '../../platform/clock.ts'
import { playerOf, type Route, route } from '../../platform/http/route.ts'
import type { Person } from './index.ts'
import { exportEverything, type Keepers } from './personal.ts'
import { expectedOf, type Storage } from './storage.ts'
import type { StoredObject } from './store.ts'

export interface ProfileRoutesNeeds {
  clock: Clock
  storage: Storage
  keepers: Keepers
  erase(player: PlayerId): Promise<void>
  personOf(player: PlayerId): Promise<Person>
  rename(player: PlayerId, nick: string): Promise<string | null>
}

const etagOf = (version: number) => ({ etag: `"${version}"` })

const shown = ({ collection, key, value, version, updatedAt }: StoredObject) => ({
  ...{ collection, key, version: String(version), updated_at: timeText(updatedAt) },
  value: JSON.parse(value) as unknown,
})

const ownProfile = (player: PlayerId, { nick, guest, username, createdAt }: Person): OwnProfile => ({
  ...{ id: player, nick, guest, username },
  created_at: timeText(createdAt),
})

export function profileRoutes({ clock, storage, keepers, erase, personOf, rename }: ProfileRoutesNeeds): Route[] {
  return [
    route(profileContracts.readOwnProfile, async (call) => {
      const { player } = playerOf(call)
      return { status: 200, body: ownProfile(player, await personOf(player)) }
    }),

    route(profileContracts.changeOwnProfile, async (call) => {
      const { player } = playerOf(call)
      const { nick } = call.body
      if (nick !== undefined) await rename(player, nick)
      return { status: 200, body: ownProfile(player, await personOf(player)) }
    }),

    route(profileContracts.eraseSelf, async (call) => {
      await erase(playerOf(call).player)
      return { status: 204 }
    }),

    route(profileContracts.exportSelf, async (call) => {
      const { player } = playerOf(call)
      const person = await personOf(player)
      return {
        status: 200,
        headers: { 'content-disposition': 'attachment; filename="muster-player.json"' },
        body: {
          format: 'muster.player/1' as const,
          exported_at: timeText(clock.now()),
          player: ownProfile(player, person),
          ...(await exportEverything(keepers, player)),
        },
      }
    }),

    route(profileContracts.listStored, async (call) => {
      const objects = await storage.list(playerOf(call).player, call.params.collection)
      const rows = objects.map(({ key, version, updatedAt }) => ({
        ...{ key, version: String(version), updated_at: timeText(updatedAt) },
      }))
      return { status: 200, body: { objects: rows } }
    }),

    route(profileContracts.readStored, async (call) => {
      const found = await storage.read({ player: playerOf(call).player, ...call.params })
      return { status: 200, headers: etagOf(found.version), body: shown(found) }
    }),

    route(profileContracts.writeStored, async (call) => {
      if (call.headers['if-match'] !== undefined && call.headers['if-none-match'] !== undefined) {
        throw new Refusal('INVALID_REQUEST', { detail: 'Send `If-Match` or `If-None-Match`, not both.' })
      }
      const at = { player: playerOf(call).player, ...call.params }
      const { object, isNew } = await storage.write(at, call.body, expectedOf(call.headers))
      return { status: isNew ? 201 : 200, headers: etagOf(object.version), body: shown(object) }
    }),

    route(profileContracts.deleteStored, async (call) => {
      await storage.remove({ player: playerOf(call).player, ...call.params }, expectedOf(call.headers))
      return { status: 204 }
    }),
  ]
}
