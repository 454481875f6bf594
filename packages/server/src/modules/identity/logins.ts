import { type LoginId, Refusal, type Tokens } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { gather } from '../../platform/gather.ts'
import type { MintId } from '../../platform/ids.ts'
import type { AddressPolicy } from './addresses.ts'
import type { IdentityOptions } from './config.ts'
import type { Endings } from './endings.ts'
import type { Bearer, IdentityStore, LoginRow, NewLogin, Rotation } from './store/index.ts'
import type { AccessTokens } from './tokens/access-tokens.ts'
import type { RefreshTokens } from './tokens/refresh-token.ts'

/** A login about to be opened, and the refresh token that will be its first. */
export interface FreshLogin {
  login: NewLogin
  refreshToken: string
}

/** Opens, prolongs and ends signed-in spans. */
export interface Logins {
  fresh(address: string): FreshLogin
  tokensOf(bearer: Bearer, fresh: FreshLogin): Promise<Tokens>
  /** A fresh pair within the same login; its refresh token so far is spent at once. Null where the login has ended. */
  renew(tx: Tx, login: LoginId): Promise<Tokens | null>
  /** The same, but the refresh token so far leads to the fresh one for a short while, should this answer be lost. With
   *  `again`, what was so given last is given again, as long as it was not used. */
  succeed(tx: Tx, login: LoginId, again?: 'again'): Promise<Tokens | null>
  /** A spent token gets its successor again for a short while, as long as that one was not used; after that, its
   *  coming again means that two hold it, and the login ends. */
  refresh(refreshToken: string, address: string): Promise<Tokens>
  /** Ends the login of this token. Says nothing where there is none. */
  logout(refreshToken: string, address: string): Promise<void>
  /** Ends a login whose player asks for it. */
  end(login: LoginId, address: string): Promise<void>
  /** Whose login it is, as long as it runs. */
  bearerOf(login: LoginId): Promise<Bearer | null>
}

interface LoginsGround {
  clock: Clock
  db: Db
  mintId: MintId
  store: IdentityStore
  access: AccessTokens
  refreshTokens: RefreshTokens
  endings: Endings
  addresses: AddressPolicy
}

/** Of two who turn one token at a time, each turns the other's at most once or twice. */
const successionsMax = 5

const noLogin = () =>
  new Refusal('UNAUTHENTICATED', { detail: 'The refresh token is not valid, or its login has ended. Sign in again.' })

export function createLogins(ground: LoginsGround, options: IdentityOptions): Logins {
  const { clock, db, mintId, store, access, refreshTokens, endings, addresses } = ground
  const idleMs = options.refreshIdleS * 1_000

  async function tokens(bearer: Bearer, login: LoginId, refreshToken: string): Promise<Tokens> {
    const { token, expiresInS } = await access.issue(bearer, login)
    return {
      access_token: token,
      refresh_token: refreshToken,
      token_type: 'Bearer',
      expires_in: expiresInS,
      user_id: bearer.player,
    }
  }

  /** The good token of a login, while the answer that gave it may have been lost. */
  function successorIn({ priorHash, successorSealed, refreshedAt }: LoginRow, now: number): string | null {
    if (priorHash === null || successorSealed === null) return null
    if (now - refreshedAt > options.refreshGraceS * 1_000) return null
    return refreshTokens.openSuccessor(priorHash, successorSealed)
  }

  async function endFor(tx: Tx, login: LoginId, address: string): Promise<void> {
    const [ended] = await endings.end(tx, { login }, 'logout')
    if (ended === undefined) return
    const who = { player: ended.player, login, address: addresses.kept(address) }
    await store.audit.append(tx, { at: clock.now(), what: 'logged_out', ...who })
  }

  const batch = {
    delayMs: 0,
    batchMax: options.refreshBatchMax,
    waitingMax: options.refreshesWaitingMax,
    refuse: () => new Refusal('BUSY', { retryAfterS: 1 }),
  }
  const rotate = gather(clock, batch, (rotations: Rotation[]) => {
    const turn = (tx: Tx) => store.logins.rotate(tx, rotations, clock.now())
    // Several rows may be wanted in another order elsewhere; only a transaction is tried again after a deadlock.
    return rotations.length === 1 ? db.once(turn) : db.transact(turn)
  })

  return {
    fresh(address) {
      const now = clock.now()
      const id = mintId('login')
      const refreshToken = refreshTokens.mint(id)
      const endsAt = now + options.loginLifeS * 1_000
      const login = {
        ...{ id, createdAt: now, endsAt, expiresAt: Math.min(endsAt, now + idleMs) },
        tokenHash: refreshTokens.hash(refreshToken),
        addressTag: addresses.tag(address),
      }
      return { login, refreshToken }
    },

    tokensOf: (bearer, { login, refreshToken }) => tokens(bearer, login.id, refreshToken),

    async renew(tx, login) {
      const now = clock.now()
      const refreshToken = refreshTokens.mint(login)
      const toHash = refreshTokens.hash(refreshToken)
      const bearer = await store.logins.replace(tx, { login, toHash, prior: null, now, expiresAt: now + idleMs })
      return bearer === null ? null : tokens(bearer, login, refreshToken)
    },

    async succeed(tx, login, again) {
      const now = clock.now()
      for (let tries = 0; tries < successionsMax; tries++) {
        const row = await store.logins.read(tx, login)
        if (row === null || row.ended || row.expiresAt <= now) return null
        const lost = again === undefined ? null : successorIn(row, now)
        if (lost !== null) return tokens(row, login, lost)
        const refreshToken = refreshTokens.mint(login)
        const toHash = refreshTokens.hash(refreshToken)
        const prior = { hash: row.tokenHash, sealed: refreshTokens.sealSuccessor(row.tokenHash, refreshToken) }
        const bearer = await store.logins.replace(tx, { login, toHash, prior, now, expiresAt: now + idleMs })
        if (bearer !== null) return tokens(bearer, login, refreshToken)
      }
      throw new Refusal('BUSY', { retryAfterS: 1 })
    },

    async refresh(presented, address) {
      const parsed = refreshTokens.parse(presented)
      if (parsed === null) throw noLogin()
      const { login } = parsed
      const now = clock.now()
      const fromHash = refreshTokens.hash(presented)
      const successor = refreshTokens.mint(login)
      const rotated = await rotate({
        ...{ login, fromHash, expiresAt: now + idleMs },
        toHash: refreshTokens.hash(successor),
        sealed: refreshTokens.sealSuccessor(fromHash, successor),
      })
      if (rotated !== null) return tokens(rotated, login, successor)

      const row = await db.once((tx) => store.logins.read(tx, login))
      if (row === null || row.ended || row.expiresAt <= now || row.tokenHash.equals(fromHash)) throw noLogin()
      if (row.priorHash?.equals(fromHash)) {
        const lost = successorIn(row, now)
        if (lost !== null) return tokens(row, login, lost)
      } else if (!parsed.genuine) throw noLogin()
      await db.transact(async (tx) => {
        await endings.end(tx, { login }, 'reused')
        const who = { player: row.player, login, address: addresses.kept(address) }
        await store.audit.append(tx, { at: now, what: 'token_reused', ...who })
      })
      throw new Refusal('TOKEN_REUSED')
    },

    async logout(presented, address) {
      const parsed = refreshTokens.parse(presented)
      if (parsed === null) return
      const { login, genuine } = parsed
      await db.transact(async (tx) => {
        if (!genuine && !(await store.logins.read(tx, login))?.tokenHash.equals(refreshTokens.hash(presented))) return
        await endFor(tx, login, address)
      })
    },

    end: (login, address) => db.transact((tx) => endFor(tx, login, address)),

    async bearerOf(login) {
      const row = await db.once((tx) => store.logins.read(tx, login))
      return row === null || row.ended || row.expiresAt <= clock.now() ? null : row
    },
  }
}
