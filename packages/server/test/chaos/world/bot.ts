import {
  createClient,
  type FoundMatch,
  type Gateway,
  type MusterClient,
  MusterError,
  SearchEnded,
} from '@muster/client'
import { WebSocket } from 'ws'
import { pause } from '../cluster/until.ts'
import type { Chance } from './chance.ts'
import { queues } from './config.ts'
import type { News } from './history.ts'
import { visit } from './play.ts'
import { recordedFetch } from './recorded-fetch.ts'

export interface BotNeeds {
  url: string
  name: string
  chance: Chance
  note(news: News): void
  /** Ends when nobody is to search any more. */
  quiet: AbortSignal
}

export interface Bot {
  /** Plays until it is quiet, and returns when it is nowhere any more. */
  live(): Promise<void>
  /** Tries whether logins that it ended can be used. */
  tryOldLogins(): Promise<void>
}

const restMs = { min: 6_000, max: 26_000 }
const breathMs = 500
/** While things go wrong a match, or its end, may be long in coming. Once all is well and nobody searches any more,
 *  whoever is still somewhere after this time is stuck. */
const patienceMs = 90_000
const odds = {
  account: 0.1,
  socket: 0.25,
  launched: 0.08,
  doubleClick: 0.05,
  leaves: 0.04,
  declines: 0.03,
  silent: 0.02,
}
const oddsAfter = { noShow: 0.02, hangsUp: 0.05, signsOut: 0.03 }

const isRefusal = (error: unknown, ...codes: string[]) => error instanceof MusterError && codes.includes(error.code)

/** A player who searches, plays and rests, and who now and then does what players do. */
export function createBot({ url, name, chance, note, quiet }: BotNeeds): Bot {
  const fetch = recordedFetch(note)
  const oldLogins: string[] = []
  let refreshToken = ''
  let gateway: Gateway | null = null
  let client: MusterClient = newClient()
  let lives = 0
  let quietAt = Number.POSITIVE_INFINITY
  quiet.addEventListener('abort', () => {
    quietAt = performance.now()
  })
  const isStuck = () => performance.now() > quietAt + patienceMs
  const player = () => client.userId ?? ''
  const rest = (ms: number) =>
    Promise.race([pause(ms), new Promise((resolve) => quiet.addEventListener('abort', resolve))])

  function newClient(): MusterClient {
    return createClient({
      ...{ url, fetch, WebSocket },
      onTokens: (tokens) => {
        if (tokens !== null) refreshToken = tokens.refresh_token
      },
    })
  }

  async function signIn(): Promise<void> {
    gateway?.close()
    gateway = null
    client = newClient()
    const username = chance.isOnce(odds.account) ? `${name}-${lives++}-${Date.now().toString(36)}` : null
    while (!quiet.aborted) {
      try {
        if (username === null) await client.guest()
        else await client.register({ username, password: `${username} keeps this to itself` })
        note({ what: 'account', player: player(), username })
        break
      } catch (error) {
        // Made by a call that went unanswered: it is this bot's own.
        if (isRefusal(error, 'USERNAME_TAKEN') && username !== null) {
          if (
            await client.login({ username, password: `${username} keeps this to itself` }).then(
              () => true,
              () => false,
            )
          )
            break
        }
        await pause(breathMs)
      }
    }
    if (player() !== '' && chance.isOnce(odds.socket)) listen()
  }

  function listen() {
    gateway = client.connect()
    const whose = player()
    gateway.on('match_confirmed', ({ match }) =>
      note({ what: 'confirmed', player: whose, match: match.match_id, session: match.session_id, how: 'push' }),
    )
  }

  async function signOut(): Promise<void> {
    const [token, whose] = [refreshToken, player()]
    try {
      await client.logout()
    } catch {
      return
    }
    oldLogins.push(token)
    note({ what: 'logged_out', player: whose })
    await signIn()
  }

  /** False where there is nothing to follow. */
  async function join(): Promise<boolean> {
    const queue = chance.isOnce(odds.launched) ? queues.launched : queues.registered
    const clicks = chance.isOnce(odds.doubleClick) ? 2 : 1
    const tries = await Promise.allSettled(Array.from({ length: clicks }, () => client.join({ queues: [queue] })))
    let isSomewhere = false
    for (const one of tries) {
      if (one.status === 'fulfilled') note({ what: 'joined', player: player(), entry: one.value.entry_id })
      isSomewhere ||= one.status === 'fulfilled' || isRefusal(one.reason, 'ALREADY_SEARCHING', 'ALREADY_PLAYING')
    }
    return isSomewhere
  }

  /** The next match; null where the search has ended. */
  async function follow(): Promise<FoundMatch | null> {
    const leaving = new AbortController()
    const leave = () => leaving.abort()
    const timer = chance.isOnce(odds.leaves) ? setTimeout(leave, chance.between(200, 3_000)) : undefined
    quiet.addEventListener('abort', leave)
    if (quiet.aborted) leave()
    let entry = ''
    try {
      for (;;) {
        try {
          return await client.followMatch({
            signal: leaving.signal,
            onChange(seen) {
              entry = seen.entry_id
              if (seen.offer !== undefined) note({ what: 'offered', player: player(), match: seen.offer.match_id })
            },
            onOffer: () =>
              chance.isOnce(odds.declines) ? 'decline' : chance.isOnce(odds.silent) ? 'silent' : 'accept',
          })
        } catch (error) {
          if (error instanceof SearchEnded) {
            if (error.reason === 'left' && entry !== '') note({ what: 'left', player: player(), entry })
            note({ what: 'search_ended', player: player(), reason: error.reason })
            return null
          }
          if (isRefusal(error, 'UNAUTHENTICATED', 'TOKEN_REUSED')) throw error
          if (isStuck()) {
            note({ what: 'stuck', player: player(), why: `no match came, and no end: ${(error as Error).message}` })
            return null
          }
          await pause(breathMs)
        }
      }
    } finally {
      clearTimeout(timer)
      quiet.removeEventListener('abort', leave)
    }
  }

  /** Plays it out; true where its session was called off, and whoever is not to blame searches on. */
  async function play({ match, ticket }: FoundMatch): Promise<boolean> {
    const session = match.session_id
    note({ what: 'confirmed', player: player(), match: match.match_id, session, how: 'poll' })
    let way = { host: match.host, port: match.port, ticket }
    const stays = !chance.isOnce(oddsAfter.noShow)
    while (!isStuck()) {
      if (stays) await visit(way.host, way.port, way.ticket)
      try {
        const { state } = await client.session(session)
        if (['completed', 'abandoned', 'cancelled'].includes(state)) {
          note({ what: 'ended', player: player(), session, state })
          return state === 'cancelled'
        }
        if (stays) way = await client.ticket(session)
      } catch {
        // Asked again: the session ends whatever the answers are.
      }
      await pause(breathMs)
    }
    note({ what: 'stuck', player: player(), why: `${session} did not end` })
    return false
  }

  async function search(): Promise<void> {
    if (!(await join())) return
    for (;;) {
      const found = await follow()
      if (found === null || !(await play(found))) return
    }
  }

  return {
    async live() {
      await rest(chance.between(0, restMs.max))
      await signIn()
      while (!quiet.aborted) {
        try {
          await search()
          if (chance.isOnce(oddsAfter.signsOut)) await signOut()
          if (gateway !== null && chance.isOnce(oddsAfter.hangsUp)) {
            gateway.close()
            listen()
          }
        } catch (error) {
          if (isRefusal(error, 'UNAUTHENTICATED', 'TOKEN_REUSED')) {
            note({ what: 'stuck', player: player(), why: `signed out by nobody: ${(error as Error).message}` })
            await signIn()
          }
        }
        await rest(chance.between(restMs.min, restMs.max))
      }
      gateway?.close()
    },
    async tryOldLogins() {
      for (const token of oldLogins) {
        const answer = await globalThis.fetch(new URL('/auth/refresh', url), {
          ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
          body: JSON.stringify({ refresh_token: token }),
        })
        await answer.arrayBuffer()
        note({ what: 'came_back', player: '', status: answer.status })
      }
    },
  }
}
