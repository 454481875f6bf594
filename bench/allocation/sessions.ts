import type { PlayerId, SessionId } from '@muster/protocol'
import type * as Sessions from '../../packages/server/src/modules/sessions/index.ts'
import type * as Database from '../../packages/server/src/platform/db.ts'
import type * as Limits from '../../packages/server/src/platform/http/limits.ts'
import type * as Options from '../../packages/server/src/platform/options.ts'
import { part } from '../built.ts'
import type { Ground } from './ground.ts'

export interface Openings extends AsyncDisposable {
  /** Opens a session for two players; done once it has its server. */
  open(): Promise<SessionId>
}

/** The sessions module over the benchmark's fleet, as it is while matches are made: hints tell it what was opened. */
export async function openSessions({ platform, allocator }: Ground): Promise<Openings> {
  const { readOptions } = await part<typeof Options>('platform/options')
  const { createLimits } = await part<typeof Limits>('platform/http/limits')
  const { afterCommit } = await part<typeof Database>('platform/db')
  const { createSessions, sessionsOptions, sessionModeOptions } = await part<typeof Sessions>('modules/sessions/index')
  const { clock, db, mintId, soft } = platform

  const waiting = new Map<SessionId, () => void>()
  const noKey = () => new Uint8Array(32)
  const fleet: Sessions.FleetNeeds = {
    ...allocator,
    async reserve(tx, claim) {
      const given = await allocator.reserve(tx, claim)
      if (given !== null) afterCommit(tx, () => waiting.get(claim.session)?.())
      return given
    },
    async reserveTogether(tx, claim) {
      const given = await allocator.reserveTogether(tx, claim)
      afterCommit(tx, () => {
        for (const { session } of given) waiting.get(session)?.()
      })
      return given
    },
    ...{ launch: async () => null, ticketKeyOf: noKey, netcodeKeyOf: noKey },
  }
  const sessions = createSessions(
    {
      ...{ ...platform, fleet, limits: createLimits(soft, clock.now) },
      // Whose players are where is not what is measured here.
      places: { claim: async () => [], move: async () => [], release: async () => undefined },
      sourcesOf: () => ({ registered: true, launched: false }),
    },
    {
      ...readOptions(sessionsOptions, {}, 'the options'),
      modes: { duel: readOptions(sessionModeOptions, {}, 'the mode') },
    },
  )
  sessions.start()
  let players = 0

  return {
    async open() {
      const seat = (team: number) => {
        const player: PlayerId = `player_${players++}`
        return { ...{ player, nick: player, guest: false, team }, origin: null }
      }
      const request = { match: null, kind: 'match', mode: 'duel', region: null, board: null } as const
      const pair = [seat(0), seat(1)]
      const id = await db.transact((tx) => sessions.open(tx, { ...request, match: mintId('match'), players: pair }))
      await new Promise<void>((resolve) => waiting.set(id, resolve))
      waiting.delete(id)
      return id
    },
    [Symbol.asyncDispose]: () => sessions.stop(),
  }
}
