import type { LoginId, PlayerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import { afterCommit, type Db, type Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import { repeating } from '../../platform/repeat.ts'
import type { Wakes } from '../../platform/wakes.ts'
import type { IdentityOptions } from './config.ts'
import type { EndedLogin, EndReason, IdentityStore, WhichLogins } from './store/index.ts'

export interface LoginEnded {
  player: PlayerId
  /** Null where it is not one login but all of the player's. */
  login: LoginId | null
}

/** What every node must know soon and cannot ask the database about at each request: which logins have ended while
 *  access tokens of them are about, and who is an operator. It is read every second or two by a cursor, so that it is
 *  known within five whatever hint is lost; a hint makes it sooner. */
export interface Endings {
  start(): Promise<void>
  stop(): Promise<void>
  /** Ends logins in the caller's transaction; known here when it commits. */
  end(tx: Tx, which: WhichLogins, reason: EndReason): Promise<EndedLogin[]>
  isLive(login: LoginId): boolean
  isOperator(player: PlayerId): boolean
  onEnded(listener: (ended: LoginEnded) => void): void
  /** Reads now. */
  look(): Promise<void>
}

const topic = 'login'
/** Tokens are judged by clocks that may differ a little. */
const slackMs = 60_000

export function createEndings(
  ground: { clock: Clock; random: Random; db: Db; store: IdentityStore; wakes: Wakes; log: Log },
  options: Pick<IdentityOptions, 'accessTokenS' | 'revocationPollMs'>,
): Endings {
  const { clock, db, store, wakes, log } = ground
  const ended = new Map<LoginId, number>()
  const listeners: ((ended: LoginEnded) => void)[] = []
  let operators: ReadonlySet<PlayerId> = new Set()
  let cursor: string | null = null
  let stop: () => Promise<void> = async () => undefined

  function note(news: EndedLogin[]) {
    for (const { login, player, keptUntil } of news) {
      if (ended.has(login)) continue
      ended.set(login, keptUntil)
      for (const listener of listeners) {
        try {
          listener({ player, login })
        } catch (error) {
          log.error({ err: error }, 'a listener to ended logins failed')
        }
      }
    }
  }

  function forget(now: number) {
    // They were noted about in the order in which they may be forgotten.
    for (const [login, keptUntil] of ended) {
      if (keptUntil > now) break
      ended.delete(login)
    }
  }

  async function look() {
    const now = clock.now()
    const [news, found] = await db.once(async (tx) => [
      await store.logins.endedSince(tx, cursor, now),
      await store.accounts.operators(tx),
    ])
    operators = new Set(found)
    cursor = news.cursor
    note(news.ended)
    forget(now)
  }

  return {
    async start() {
      await look()
      const repeat = repeating(ground, 'ended logins', options.revocationPollMs, look)
      const deaf = wakes.hear(topic, repeat.nudge)
      stop = async () => {
        deaf()
        await repeat.stop()
      }
    },
    stop: () => stop(),
    async end(tx, which, reason) {
      const now = clock.now()
      const keptUntil = now + options.accessTokenS * 1_000 + slackMs
      const news = await store.logins.end(tx, { which, now, reason, keptUntil })
      if (news.length > 0) {
        afterCommit(tx, () => {
          note(news)
          wakes.wake(
            topic,
            news.map((one) => one.login),
          )
        })
      }
      return news
    },
    isLive: (login) => !ended.has(login),
    isOperator: (player) => operators.has(player),
    onEnded: (listener) => void listeners.push(listener),
    look,
  }
}
