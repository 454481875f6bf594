import { clientMessages, type PlayerId } from '@muster/protocol'
import type { MintId } from '../../platform/ids.ts'
import type { Entrance } from './entrance.ts'
import { entryText } from './entry-text.ts'
import type { OnMessage } from './needs.ts'
import type { Offers } from './offers.ts'
import type { Readings } from './reading.ts'

export interface MessagesNeeds {
  mintId: MintId
  onMessage: OnMessage
  entrance: Entrance
  readings: Readings
  offers: Offers
  leave(player: PlayerId): Promise<void>
}

/** What players may do by the gateway socket: the same as over HTTP. */
export function takeMessages({ mintId, onMessage, entrance, readings, offers, leave }: MessagesNeeds): void {
  onMessage('queue_join', clientMessages.queue_join, async ({ player, guest }, { queues }) => {
    const entry = await entrance.join({ id: mintId('entry'), player, guest, queues, asks: null })
    return entryText({ entry, match: null }, player, { estimate_s: await readings.estimateOf(queues) })
  })
  onMessage('queue_leave', clientMessages.queue_leave, async ({ player }) => {
    await leave(player)
    return {}
  })
  onMessage('match_accept', clientMessages.match_accept, async ({ player }, { match_id }) => ({
    status: await offers.answer(player, match_id, 'accept'),
  }))
  onMessage('match_decline', clientMessages.match_decline, async ({ player }, { match_id }) => ({
    status: await offers.answer(player, match_id, 'decline'),
  }))
}
