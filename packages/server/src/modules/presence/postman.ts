import type { PlayerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import { pushFrame } from '../../platform/socket/frames.ts'
import { type PushSeal, pushPurpose } from './pushes.ts'
import type { KeptPush, PresenceStore, Wanted } from './store.ts'
import type { Audience, VisitorConnection } from './visitor.ts'

export interface PostmanNeeds {
  clock: Clock
  random: Random
  db: Db
  log: Log
  store: PresenceStore
  secrets: PushSeal
  audience: Audience
  send(connection: VisitorConnection, frame: string): void
  /** For one that cannot be told everything in order any more: it comes back and learns that it missed some. */
  giveUp(connection: VisitorConnection): void
}

/** Brings kept pushes to the connections of this process, each in order and once: what a connection is sent next is the
 *  push after its cursor, read from the store, whoever hinted at it. */
export interface Postman {
  /** These players may have new pushes. */
  look(players: readonly PlayerId[]): void
  start(): void
  stop(): Promise<void>
}

const playersMax = 500
const pushesMax = 64

export function createPostman(needs: PostmanNeeds, options: { catchUpS: number }): Postman {
  const { db, log, store, audience } = needs
  const waiting = new Set<PlayerId>()
  let delivering: Promise<void> | null = null
  let catchUp: Repeating | null = null

  /** What the furthest behind of its connections lacks; null where none can be told yet. */
  function wantedBy(player: PlayerId): Wanted | null {
    let after = Number.POSITIVE_INFINITY
    for (const { state } of audience.of(player)) if (state.phase === 'in') after = Math.min(after, state.cursor)
    return after === Number.POSITIVE_INFINITY ? null : { player, after }
  }

  /** Empty where it cannot be read, which no other push shall wait for. */
  function frameOf(push: KeptPush): string {
    try {
      return pushFrame(push.event, needs.secrets.open(pushPurpose, push.data).toString(), push.seq)
    } catch (error) {
      log.error({ err: error, player: push.player, seq: push.seq }, 'a push was sealed under another secret')
      return ''
    }
  }

  function deliver(push: KeptPush) {
    let frame: string | null = null
    for (const connection of audience.of(push.player)) {
      const { state } = connection
      if (state.phase !== 'in' || state.cursor >= push.seq) continue
      if (state.cursor !== push.seq - 1) {
        needs.giveUp(connection)
        continue
      }
      state.cursor = push.seq
      frame ??= frameOf(push)
      if (frame !== '') needs.send(connection, frame)
    }
  }

  async function deliverAll() {
    while (waiting.size > 0) {
      const wanted: Wanted[] = []
      for (const player of waiting) {
        if (wanted.length === playersMax) break
        waiting.delete(player)
        const one = wantedBy(player)
        if (one !== null) wanted.push(one)
      }
      if (wanted.length === 0) continue
      const counts = new Map<PlayerId, number>()
      for (const push of await db.once((tx) => store.pushesAfter(tx, wanted, pushesMax))) {
        deliver(push)
        const count = (counts.get(push.player) ?? 0) + 1
        counts.set(push.player, count)
        if (count === pushesMax) waiting.add(push.player)
      }
    }
  }

  function look(players: readonly PlayerId[]) {
    for (const player of players) {
      const connections = audience.of(player)
      if (connections.length === 0) continue
      for (const { state } of connections) if (state.phase === 'checking') state.hinted = true
      waiting.add(player)
    }
    if (waiting.size === 0 || delivering !== null) return
    delivering = deliverAll()
      .catch((error: unknown) => {
        // Nothing is lost: the cursors stand where they stood, and the next look finds what lies after them.
        waiting.clear()
        log.warn({ err: error }, 'pushes could not be delivered')
      })
      .then(() => {
        delivering = null
        look([])
      })
  }

  /** Hints get lost; this finds what they would have said. */
  async function lookForMissed() {
    let wanted: Wanted[] = []
    const ask = async () => {
      const asked = wanted
      wanted = []
      if (asked.length > 0) look(await db.once((tx) => store.behind(tx, asked)))
    }
    for (const player of [...audience.players()]) {
      const one = wantedBy(player)
      if (one === null) continue
      wanted.push(one)
      if (wanted.length === 10 * playersMax) await ask()
    }
    await ask()
  }

  return {
    look,
    start() {
      catchUp = repeating(needs, 'missed pushes', options.catchUpS * 1_000, lookForMissed)
    },
    async stop() {
      await catchUp?.stop()
      waiting.clear()
      await delivering
    },
  }
}
