import type { AddressInfo } from 'node:net'
import type { LoginId, PlayerId } from '@muster/protocol'
import { presenceOptions } from '../../src/modules/presence/config.ts'
import {
  createPresence,
  type PresenceOptions,
  presenceMigrations,
  type VerifiedPlayer,
} from '../../src/modules/presence/index.ts'
import type { Log } from '../../src/platform/log.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { readOptions } from '../../src/platform/options.ts'
import { memorySoftState } from '../../src/platform/soft-state-memory.ts'
import { createWakes } from '../../src/platform/wakes.ts'
import { moduleGround } from './module-ground.ts'
import { openSocket, type SocketClient } from './socket-client.ts'

type Ended = { player: PlayerId; login: LoginId | null }

export type GatewayNode = Awaited<ReturnType<Awaited<ReturnType<typeof gatewayGround>>['node']>>

/** Nodes of presence on one database, each with its HTTP server on loopback and a soft state of its own, so that no hint
 *  passes between them. Who may come in is known to all of them, as it is where tokens are signed. */
export async function gatewayGround(given: { log?: Log } = {}) {
  const ground = await moduleGround(presenceMigrations)
  const tokens = new Map<string, VerifiedPlayer>()
  const ended = new Set<LoginId>()
  const closing: (() => Promise<unknown>)[] = []
  let count = 0

  return {
    ...ground,
    ended,
    /** A token as identity would give it. */
    token(player: PlayerId, about: { login?: LoginId; livesS?: number } = {}) {
      const login: LoginId = about.login ?? `login_${player}`
      const token = `token-${++count}-of-${player}`
      const nick = player.slice('player_'.length)
      const expiresAtMs = ground.clock.now() + (about.livesS ?? 900) * 1_000
      tokens.set(token, { kind: 'player', player, nick, guest: false, login, operator: false, expiresAtMs })
      return token
    },
    async node(
      options: Partial<PresenceOptions> & {
        origins?: string[]
        trustedProxies?: string[]
        deaf?: boolean
        afterRead?: () => Promise<void>
      } = {},
    ) {
      const { origins = [], trustedProxies = [], deaf = false, afterRead = async () => undefined, ...rest } = options
      const listeners: ((one: Ended) => void)[] = []
      const soft = memorySoftState(ground.clock)
      const wakes = await createWakes({ ...ground, soft, node: `node-${++count}` })
      const metrics = createMetrics({ process: false })
      const presence = createPresence(
        {
          ...ground,
          ...{ metrics, log: given.log ?? ground.log },
          db: {
            transact: ground.db.transact,
            once: async (run) => {
              const read = await ground.db.once(run)
              await afterRead()
              return read
            },
          },
          // A deaf node loses every hint, its own included.
          wakes: deaf ? { ...wakes, wake: () => undefined } : wakes,
          verifyAccess: async (token) => tokens.get(token) ?? null,
          onLoginEnded: (listener) => void listeners.push(listener),
          isLive: (login) => !ended.has(login),
        },
        { ...readOptions(presenceOptions, rest, 'the test'), origins, trustedProxies },
      )
      const app = await ground.serve(presence.routes)
      presence.attach(app.server)
      presence.start()
      await app.listen({ host: '127.0.0.1', port: 0 })
      const { port } = app.server.address() as AddressInfo
      closing.push(async () => {
        await presence.stop()
        await app.close()
        await wakes[Symbol.asyncDispose]()
        await soft[Symbol.asyncDispose]()
      })
      const url = `ws://127.0.0.1:${port}/ws`
      return {
        ...{ presence, metrics, port, url, app },
        /** Tells as identity would, by a hint. */
        tellEnded: (one: Ended) => {
          for (const listener of listeners) listener(one)
        },
        /** Comes in with the first message. */
        async signIn(token: string, resumeAfter?: number) {
          const client = await openSocket(url)
          client.send({ event: 'authenticate', data: { token, resume_after: resumeAfter } })
          const welcome = await client.next('welcome')
          return Object.assign(client, { welcome: welcome.data as { seq: number; missed: boolean; nick: string } })
        },
        push: (player: PlayerId, ...words: string[]) =>
          ground.db.transact((tx) =>
            presence.push(
              tx,
              words.map((word) => ({ player, event: 'kicked', data: { reason: word } })),
            ),
          ),
      }
    },
    async [Symbol.asyncDispose]() {
      for (const close of closing.reverse()) await close()
      await ground[Symbol.asyncDispose]()
    },
  }
}

/** The next `count` pushes, as `seq word`. */
export async function pushesOf(client: SocketClient, count: number): Promise<string[]> {
  const heard: string[] = []
  for (let at = 0; at < count; at++) {
    const { seq, data } = await client.next('kicked')
    heard.push(`${seq} ${(data as { reason: string }).reason}`)
  }
  return heard
}
