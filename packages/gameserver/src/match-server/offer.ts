import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MatchServerAnswer, MatchServerRequest, PrepareMatch } from '@muster/protocol'
import { call, MusterError } from '../api.ts'
import { jittered, pause } from '../pause.ts'
import type { GameSession } from '../session.ts'
import { createMusterTime } from '../time.ts'
import { preparedSession, prepareMatchIn } from './prepared.ts'
import { isSignedByMuster, type SignedRequest } from './signature.ts'

export interface MatchServerOptions {
  url: string
  username: string
  password: string
  /** An API key with the scope `server`: makes the account, where there is none of that name yet. */
  serverUser?: string
  /** Where Muster and players reach this server: `host:port`. One match at a time is sent to each. */
  address: string[]
  /** Modes that it plays; all that Muster gives to such servers unless told. */
  modes?: string[]
  /** For how long each offer holds; it is made again at half of that. */
  lifeS?: number
  /** A match is this server's to run: get ready for its players. It counts as ready when this resolves. */
  onMatch(session: GameSession, message: PrepareMatch): void | Promise<void>
  /** What went wrong in the background. The server goes on trying. */
  onError?(error: unknown): void
}

export interface MatchServer {
  /** The matches that were prepared here and have not ended. */
  readonly sessions: readonly GameSession[]
  /** Answers a PrepareMatch that was POSTed here. */
  prepare(request: SignedRequest): Promise<{ status: number; body: string }>
  /** The same, for a server of `node:http`. */
  listener(request: IncomingMessage, response: ServerResponse): void
  /** Takes the offer back. Matches that run go on. */
  revoke(): Promise<void>
}

type AnswerOf<Type extends MatchServerAnswer['type']> = Extract<MatchServerAnswer, { type: Type }>

const lifeUsualS = 60
const failurePauseMs = 1_000
const failurePauseMaxMs = 30_000
const bodyBytesMax = 1_048_576
const overMax = 256

/** Signs in, offers this server again and again, and takes the matches that Muster sends. A match that an earlier run of it
 *  left behind is given up. */
export async function offerMatchServer(options: MatchServerOptions): Promise<MatchServer> {
  const { url, username, password, serverUser, address, modes, lifeS = lifeUsualS } = options
  const time = createMusterTime()
  const complain = (error: unknown) => options.onError?.(error)
  const ended = new AbortController()
  /** By match: an order that comes again is the same order. */
  const known = new Map<string, { session: GameSession; ready: Promise<void> }>()
  /** The last of those that are over. */
  const over = new Set<string>()
  let token: string | null = null
  let prepareKey = ''

  const say = <Type extends MatchServerAnswer['type']>(message: MatchServerRequest, signal?: AbortSignal) =>
    call<AnswerOf<Type>>({ url, token, time, patienceS: 10 }, 'POST', '/mms', message, signal)

  async function signIn(): Promise<void> {
    token = null
    const login = () => say<'LoggedIn'>({ type: 'Login', username, password })
    const answer = await login().catch((error: unknown) => {
      const unknown = error instanceof MusterError && error.code === 'INVALID_CREDENTIALS'
      if (!unknown || serverUser === undefined) throw error
      return say<'Registered'>({ type: 'Register', username, password, serverUser })
    })
    token = answer.access_token
  }

  /** `restarted`, whatever ran at these addresses before is lost, and its players are free at once. */
  async function offer(restarted = false): Promise<void> {
    const expires = new Date(time.now() + lifeS * 1_000).toISOString()
    const message: MatchServerRequest = {
      type: 'OfferMatchServer',
      address,
      expires,
      restarted,
      ...(modes && { modes }),
    }
    if (token === null) await signIn()
    const answer = await say<'MatchServerOffered'>(message, ended.signal).catch(async (error: unknown) => {
      if (!(error instanceof MusterError && error.status === 401)) throw error
      await signIn()
      return say<'MatchServerOffered'>(message, ended.signal)
    })
    prepareKey = answer.prepareKey
  }

  async function offerOn() {
    let failures = 0
    while (!ended.signal.aborted) {
      const waitMs = failures === 0 ? (lifeS * 1_000) / 2 : Math.min(failurePauseMs * 2 ** failures, failurePauseMaxMs)
      await pause(jittered(waitMs), ended.signal)
      if (ended.signal.aborted) return
      try {
        await offer()
        failures = 0
      } catch (error) {
        failures++
        if (!ended.signal.aborted) complain(error)
      }
    }
  }

  function take(message: PrepareMatch): Promise<void> {
    const { matchId } = message.matchConfig
    const before = known.get(matchId)
    if (before !== undefined) return before.ready
    if (over.has(matchId)) return Promise.resolve()
    const session = preparedSession(message, { url, time, onError: complain, onEnd: () => forget(matchId) })
    const ready = (async () => options.onMatch(session, message))()
    known.set(matchId, { session, ready })
    ready.catch(() => known.delete(matchId))
    return ready
  }

  function forget(matchId: string): void {
    known.delete(matchId)
    over.add(matchId)
    const [oldest] = over
    if (over.size > overMax && oldest !== undefined) over.delete(oldest)
  }

  async function prepare(request: SignedRequest): Promise<{ status: number; body: string }> {
    const answer = (status: number, body: object) => ({ status, body: JSON.stringify(body) })
    const refused = (status: number, code: string) => answer(status, { type: 'Error', code })
    if (!isSignedByMuster(prepareKey, request, time.now())) return refused(401, 'UNAUTHENTICATED')
    const message = prepareMatchIn(request.body)
    if (message === null) return refused(400, 'INVALID_REQUEST')
    try {
      await take(message)
      return answer(200, { type: 'MatchPrepared', matchId: message.matchConfig.matchId, reports: true })
    } catch (error) {
      complain(error)
      return refused(409, 'NOT_PREPARED')
    }
  }

  await offer(true)
  const offering = offerOn()

  return {
    get sessions() {
      return [...known.values()].map(({ session }) => session)
    },
    prepare,
    listener(request, response) {
      const signature = request.headers['muster-signature']
      textOf(request)
        .then((body) => prepare({ body, signature: String(signature) }))
        .then(({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body))
        .catch(() => request.socket.destroy())
    },
    async revoke() {
      ended.abort()
      await offering
      await say<'MatchServerRevoked'>({ type: 'RevokeMatchServer', address }).catch((error: unknown) => {
        if (!(error instanceof MusterError && error.code === 'SERVER_NOT_FOUND')) throw error
      })
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > bodyBytesMax) throw new Error('The request is too large.')
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}
