import { gameContracts as contracts, Refusal } from '@muster/protocol'
import type { Limits } from '../../platform/http/limits.ts'
import { playerOf, type Route, route } from '../../platform/http/route.ts'
import type { Admitting } from './admitting.ts'
import type { Hosting } from './hosting.ts'
import type { Joining } from './joining.ts'
import type { GamesNeeds } from './needs.ts'

export interface RoutesNeeds extends Pick<GamesNeeds, 'modeOf' | 'peopleOf' | 'sessionsView'> {
  limits: Limits
  gamesPerMinute: number
  hosting: Hosting
  joining: Joining
  admitting: Admitting
}

export function gamesRoutes(needs: RoutesNeeds): Route[] {
  const { limits, hosting, joining, admitting } = needs
  const limit = { name: 'games', max: needs.gamesPerMinute, perMs: 60_000 }

  return [
    route(contracts.createGame, async (call) => {
      const { player } = playerOf(call)
      const { mode, settings, max_players: playersMax, region = null, wait_s = 0 } = call.body
      await limits.spend(limit, player)
      const game = await hosting.host({
        ...{ id: call.mintId('game'), player, mode, settings, playersMax, region },
        waitMs: wait_s * 1_000,
      })
      return { status: 201, body: await admitting.admit(game, player, call.signal) }
    }),
    route(contracts.joinGame, async (call) => {
      const { player } = playerOf(call)
      await limits.spend(limit, player)
      const game = await joining.join(call.body.passcode, player, call.address)
      return { status: 200, body: await admitting.admit(game, player, call.signal) }
    }),
    route(contracts.readOwnGame, async (call) => {
      const { player } = playerOf(call)
      await limits.spend(limit, player)
      return { status: 200, body: await admitting.admit(await joining.own(player), player, call.signal) }
    }),
    route(contracts.leaveGame, async (call) => {
      await joining.leave(playerOf(call).player)
      return { status: 204, body: undefined }
    }),
    route(contracts.changeGame, async (call) => {
      const { door } = call.body
      await hosting.setDoor(call.params.id, playerOf(call).player, door)
      return { status: 200, body: { game_id: call.params.id, door } }
    }),
    route(contracts.endGame, async (call) => {
      await hosting.end(call.params.id, playerOf(call).player)
      return { status: 204, body: undefined }
    }),
    route(contracts.kickPlayer, async (call) => {
      await hosting.kick(call.params.id, playerOf(call).player, call.body.player_id)
      return { status: 204, body: undefined }
    }),
    route(contracts.readInvitation, async (call) => {
      const { caller, address } = call
      const player = caller.kind === 'player' ? caller.player : null
      const game = await joining.find(call.params.passcode, { player, address })
      const session = (await needs.sessionsView([game.session])).get(game.session)
      if (session === undefined || session.endedAt !== null) throw new Refusal('GAME_NOT_FOUND')
      const there = session.seats.filter(({ gaveUpAt }) => gaveUpAt === null)
      const host = game.host === null ? undefined : (await needs.peopleOf([game.host])).get(game.host)
      const open = session.door === 'open' && session.startedAt === null && there.length < game.playersMax
      return {
        status: 200,
        body: {
          ...{ passcode: game.passcode, mode: game.mode, host: host?.nick ?? null, players: there.length },
          ...{ players_max: game.playersMax, open, guests: needs.modeOf(game.mode)?.guests ?? false },
        },
      }
    }),
  ]
}
