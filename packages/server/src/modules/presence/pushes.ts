import type { PlayerId, ServerMessages } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Tx } from '../../platform/db.ts'
import type { Secrets } from '../../platform/secrets.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { PresenceStore } from './store.ts'

/** Something a player is told, whenever the next of its sockets is open. */
export interface Push {
  player: PlayerId
  event: keyof ServerMessages
  data: unknown
}

/** Keeps pushes with the caller's transaction. They are numbered for each player, and reach its open sockets on every
 *  node once the transaction has committed. */
export type SendPushes = (tx: Tx, pushes: readonly Push[]) => Promise<void>

/** Pushes may hold tickets, so the database keeps them sealed. */
export type PushSeal = Pick<Secrets, 'seal' | 'open'>
export const pushPurpose = 'presence push'
/** The hint that players have new pushes. */
export const pushTopic = 'push'

const pushBytesMax = 65_536

export const createSendPushes =
  (needs: { clock: Clock; wakes: Wakes; secrets: PushSeal; store: PresenceStore }, keptMax: number): SendPushes =>
  async (tx, pushes) => {
    if (pushes.length === 0) return
    const { clock, wakes, secrets, store } = needs
    const kept = pushes.map(({ player, event, data }) => {
      const plain = Buffer.from(JSON.stringify(data))
      if (plain.length > pushBytesMax) throw new Error(`A push of ${event} has ${plain.length} bytes.`)
      return { player, event, data: secrets.seal(pushPurpose, plain) }
    })
    await store.append(tx, kept, clock.now(), keptMax)
    afterCommit(tx, () => wakes.wake(pushTopic, [...new Set(pushes.map(({ player }) => player))]))
  }
