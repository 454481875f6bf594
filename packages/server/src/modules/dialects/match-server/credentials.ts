import { createHash, createHmac } from 'node:crypto'
import { type LoginId, offeredIdPrefix, type PlayerId, type ServerId, type SessionId } from '@muster/protocol'
import { type Secrets, sameSecret } from '../../../platform/secrets.ts'

/** What the parties of the match server dialect know each other by. All of it is derived from the root secret. */
export interface Credentials {
  /** Names a login to callers that keep cookies. */
  cookieOf(login: LoginId): string
  loginIn(cookie: string): LoginId | null
  /** One player's admission to one session on this run of a server: told to the player, and to the server beforehand. */
  ticketOf(server: ServerId, instance: string, session: SessionId, player: PlayerId): string
  /** What a match server checks that PrepareMatch comes from Muster with. */
  prepareKeyOf(account: PlayerId): Buffer
}

const cookieShape = /^([0-9a-z]{1,64})\.([A-Za-z0-9_-]{43})$/

export function createCredentials(secrets: Secrets): Credentials {
  const markOf = (login: LoginId) => secrets.derive('dialects.cookie', login).toString('base64url')
  return {
    cookieOf: (login) => `${login.slice('login_'.length)}.${markOf(login)}`,
    loginIn(cookie) {
      const [, id, mark] = cookieShape.exec(cookie) ?? []
      if (id === undefined || mark === undefined) return null
      const login: LoginId = `login_${id}`
      return sameSecret(mark, markOf(login)) ? login : null
    },
    ticketOf: (...of) => secrets.derive('dialects.ticket', ...of).toString('base64url'),
    prepareKeyOf: (account) => secrets.derive('dialects.prepare', account),
  }
}

export const signatureHeader = 'muster-signature'

/** `t=<seconds>,v1=<hex>`: an HMAC-SHA-256 over the time, a dot and the body as it is sent. */
export function signatureOf(key: Uint8Array, body: string, now: number): string {
  const at = Math.floor(now / 1_000)
  return `t=${at},v1=${createHmac('sha256', key).update(`${at}.${body}`).digest('hex')}`
}

const idLength = 24

/** The fleet's id of the server at an address: the same whoever offers it, so that one address is one server. */
export const serverAt = (address: string): ServerId =>
  `${offeredIdPrefix}${createHash('sha256').update(address).digest('hex').slice(0, idLength)}`
