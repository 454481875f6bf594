import { hash } from 'node:crypto'
import type { LoginId } from '@muster/protocol'
import { drawnBytes } from '../../../platform/drawn-bytes.ts'
import { type Secrets, sameSecret } from '../../../platform/secrets.ts'

/** `muster_rf_<login>_<secret><mark>`: 256 bits of chance, and a mark that only we can make. The mark tells an old token
 *  of a login, whose coming again ends the login, from text that somebody made up. */
export interface RefreshTokens {
  mint(login: LoginId): string
  /** Null for what is no such token; `genuine` where we made it. */
  parse(token: string): { login: LoginId; genuine: boolean } | null
  /** What is kept of a token. */
  hash(token: string): Buffer
  /** Seals what follows the token of this hash: it opens for that one alone. */
  sealSuccessor(hash: Buffer, successor: string): Buffer
  openSuccessor(hash: Buffer, sealed: Buffer): string
}

const shape = /^muster_rf_([0-9a-z]{1,64})_([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{22})$/
const markLength = 22

export function createRefreshTokens(secrets: Secrets): RefreshTokens {
  const chance = drawnBytes()
  const markOf = (login: string, secret: string) =>
    secrets.derive('identity refresh token', login, secret).toString('base64url').slice(0, markLength)
  const purposeOf = (hash: Buffer) => `identity successor of ${hash.toString('hex')}`

  return {
    mint(login) {
      const name = login.slice('login_'.length)
      const secret = chance(32).toString('base64url')
      return `muster_rf_${name}_${secret}${markOf(name, secret)}`
    },
    parse(token) {
      const [, name, secret, mark] = shape.exec(token) ?? []
      if (name === undefined || secret === undefined || mark === undefined) return null
      return {
        login: `login_${name}`,
        // Only asked for where the token is not the one that is kept.
        get genuine() {
          return sameSecret(mark, markOf(name, secret))
        },
      }
    },
    hash: (token) => hash('sha256', token, 'buffer'),
    sealSuccessor: (hash, successor) => secrets.seal(purposeOf(hash), Buffer.from(successor)),
    openSuccessor: (hash, sealed) => secrets.open(purposeOf(hash), sealed).toString(),
  }
}
