import { type KeyId, Refusal, type ServerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { Wait, Wakes } from '../../platform/wakes.ts'
import type { FleetOptions } from './config.ts'
import { type KickOrder, kickIsDone, mayTouch, type Orders, type SeenSession } from './domain.ts'
import type { DirectoryStore, KeptOrders } from './store.ts'
import { createTold } from './told.ts'

export interface HeardBeat {
  server: ServerId
  key: KeyId
  currentPlayers: number
  load: number
  /** Who plays where, if the server says so. */
  seen: readonly SeenSession[] | null
  waitMs: number
}

export interface Heartbeats {
  /** Writes down that the server lives and tells it what to do. With `waitMs`, the answer waits for something to do. */
  beat(heard: HeardBeat, signal: AbortSignal): Promise<Orders>
  forgetOld(): void
  /** Waiting beats are answered at once, from now on. */
  stop(): void
}

export interface HeartbeatsNeeds {
  clock: Clock
  db: Db
  wakes: Wakes
  store: DirectoryStore
}

const assignMax = 256

/** A server that beats, or one that waits and looks for orders. */
type Question = { server: ServerId; said: HeardBeat | null }

export function createHeartbeats({ clock, db, wakes, store }: HeartbeatsNeeds, options: FleetOptions): Heartbeats {
  const told = createTold(options.retellS * 1_000)
  const waits = new Set<Wait>()
  let stopped = false
  let polls = 0

  const ask = gather<Question, KeptOrders | null>(
    clock,
    {
      delayMs: options.beatGatherMs,
      batchMax: options.beatBatchMax,
      waitingMax: options.beatsWaitingMax,
      refuse: () => new Refusal('BUSY', { retryAfterS: 1 }),
    },
    (questions) => db.transact((tx) => answerAll(tx, questions)),
  )

  async function answerAll(tx: Parameters<DirectoryStore['beat']>[0], questions: Question[]) {
    const now = clock.now()
    const beats = new Map(
      questions.flatMap(({ said }) => (said === null ? [] : [[`${said.server} ${said.key}`, said]])),
    )
    const living = beats.size === 0 ? new Map() : await store.beat(tx, now, [...beats.values()])
    const heard = questions.filter(({ server, said }) => said === null || living.get(server) === said.key)
    const orders = await store.ordersOf(tx, [...new Set(heard.map(({ server }) => server))])
    for (const [server, { kick }] of orders) {
      if (kick.length === 0) continue
      const seen = heard.findLast((one) => one.server === server && one.said !== null)?.said?.seen ?? null
      const over = kick.filter(
        (one) =>
          one.createdAt + options.kickKeptS * 1_000 <= now || (one.told && seen !== null && kickIsDone(one, seen)),
      )
      const left = kick.filter((one) => !over.includes(one))
      if (over.length > 0) await store.dropKicks(tx, server, over)
      if (left.some((one) => !one.told)) await store.markKicksTold(tx, now, server, left)
      orders.set(server, { ...(orders.get(server) as KeptOrders), kick: left })
    }
    const named = heard.flatMap(({ server, said }) => (said?.seen ?? []).map(({ session }) => ({ server, session })))
    const strays = named.length === 0 ? [] : await store.straysOf(tx, named)
    for (const [server, kicks] of strays) {
      const known = orders.get(server)
      const isTold = ({ session }: KickOrder) =>
        known?.kick.some((one) => one.session === session && one.player === null)
      known?.kick.push(...kicks.filter((one) => !isTold(one)).map((one) => ({ ...one, told: false })))
    }
    return questions.map((question) => (heard.includes(question) ? (orders.get(question.server) ?? null) : null))
  }

  /** Whoever asks for a server of another key is told so; one that is not there has to register again. */
  async function refuse({ server, key }: HeardBeat): Promise<never> {
    const registrant = await db.once((tx) => store.registrantOf(tx, server))
    if (registrant !== undefined && !mayTouch({ kind: 'key', key }, registrant)) {
      throw new Refusal('FORBIDDEN', { detail: 'This server was registered with another key, or offered itself.' })
    }
    throw new Refusal('SERVER_NOT_FOUND')
  }

  function tell(server: ServerId, { instance, assign, kick, drain }: KeptOrders): Orders {
    const orders = { instance, assign: assign.slice(0, assignMax), kick, drain }
    told.note(server, orders, clock.now())
    return orders
  }

  return {
    async beat(heard, signal) {
      const { server } = heard
      const until = clock.now() + Math.min(heard.waitMs, options.heartbeatIntervalS * 1_000)
      if (heard.waitMs <= 0 || polls >= options.pollsMax) {
        return tell(server, (await ask({ server, said: heard })) ?? (await refuse(heard)))
      }
      polls++
      try {
        let said: HeardBeat | null = heard
        let instance: string | null = null
        for (;;) {
          // It listens before it looks, so that nothing is missed in between.
          const leftMs = Math.max(0, until - clock.now())
          const lookMs = Math.min(leftMs, options.lookEveryS * 1_000)
          const wait = wakes.wait('server', server, lookMs, signal)
          waits.add(wait)
          try {
            const orders = (await ask({ server, said })) ?? (await refuse(heard))
            // Another run of the server has other orders, and they are not for this one.
            if (instance !== null && orders.instance !== instance) throw new Refusal('SERVER_NOT_FOUND')
            instance = orders.instance
            said = null
            const over = leftMs === 0 || signal.aborted || stopped
            if (over || told.isNews(server, orders, clock.now())) return tell(server, orders)
            await wait.over
          } finally {
            wait.end()
            waits.delete(wait)
          }
        }
      } finally {
        polls--
      }
    },
    forgetOld: () => told.forgetOld(clock.now()),
    stop() {
      stopped = true
      for (const wait of waits) wait.end()
    },
  }
}
