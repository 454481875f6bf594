import type { ClientFrame, PlayerId } from '@muster/protocol'
import type { PlayerCaller } from '../../platform/http/route.ts'
import type { Connection } from '../../platform/socket/connection.ts'

/** Who is at the other end of a connection, and how far we are with it. */
export interface Visitor {
  /** `new` → a token came → `checking` → `welcome` sent → `in`. */
  phase: 'new' | 'checking' | 'in'
  caller: PlayerCaller | null
  /** When the token ends that vouches for it. */
  expiresAtMs: number
  /** It was told that its token ends soon. */
  noticed: boolean
  /** The number of the push it heard last. */
  cursor: number
  /** A push was hinted at before it was known which ones it lacks. */
  hinted: boolean
  /** A request is being answered; those after it wait, so that none overtakes another. */
  busy: boolean
  requests: ClientFrame[] | null
}

export type VisitorConnection = Connection<Visitor>

export const newVisitor = (): Visitor => ({
  ...{ phase: 'new', caller: null, expiresAtMs: 0, noticed: false, cursor: 0, hinted: false, busy: false },
  requests: null,
})

/** The open connections of this process, by player: oldest first. */
export interface Audience {
  join(player: PlayerId, connection: VisitorConnection): void
  leave(player: PlayerId, connection: VisitorConnection): void
  of(player: PlayerId): readonly VisitorConnection[]
  players(): IterableIterator<PlayerId>
}

const nobody: readonly VisitorConnection[] = []

export function createAudience(): Audience {
  const connections = new Map<PlayerId, VisitorConnection[]>()
  return {
    join(player, connection) {
      const known = connections.get(player)
      if (known === undefined) connections.set(player, [connection])
      else known.push(connection)
    },
    leave(player, connection) {
      const others = (connections.get(player) ?? []).filter((one) => one !== connection)
      if (others.length === 0) connections.delete(player)
      else connections.set(player, others)
    },
    of: (player) => connections.get(player) ?? nobody,
    players: () => connections.keys(),
  }
}
