import { type KeyId, type LoginId, type PlayerId, Refusal, type Tokens } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { AddressPolicy } from './addresses.ts'
import { hasGuestTag, usernameKey } from './domain.ts'
import type { Endings } from './endings.ts'
import type { Logins } from './logins.ts'
import type { Hasher } from './passwords/hasher.ts'
import { requireGoodPassword } from './passwords/policy.ts'
import type { AccountRow, IdentityStore } from './store/index.ts'
import type { Throttle } from './throttle.ts'

/** Makes accounts, and turns a username and password into a login. */
export interface Accounts {
  /** Repeated with the same player id, it finds what it made the first time. */
  register(account: NewPlayer, address: string): Promise<Tokens>
  upgrade(who: { player: PlayerId; login: LoginId }, account: Credentials, address: string): Promise<Tokens>
  changePassword(
    who: { player: PlayerId; login: LoginId },
    change: { current: string; next: string },
    address: string,
  ): Promise<Tokens>
}

export interface NewPlayer extends Credentials {
  player: PlayerId
  nick?: string
  /** The API key that the account is to act as, for a match server's. */
  serverKey?: KeyId | null
}

export interface Credentials {
  username: string
  password: string
}

export interface AccountsGround {
  clock: Clock
  db: Db
  store: IdentityStore
  hasher: Hasher
  throttle: Throttle
  logins: Logins
  endings: Endings
  addresses: AddressPolicy
}

/** Throws INVALID_REQUEST for a nick that would make an account look like a guest. */
export function requireAccountNick(nick: string): string {
  if (!hasGuestTag(nick)) return nick.normalize('NFC')
  const problem = 'must not end in # and figures, as guests’ nicks do'
  throw new Refusal('INVALID_REQUEST', { detail: `body.nick ${problem}`, fields: [{ field: 'body.nick', problem }] })
}

const noPassword = 'There is no password to change. Set a username and a password with POST /auth/upgrade.'

const keyOf = (username: string): string => {
  const key = usernameKey(username)
  if (key === null) throw new Error('The contract lets no such username pass.')
  return key
}

export function createAccounts(ground: AccountsGround): Accounts {
  const { clock, db, store, hasher, throttle, logins, endings, addresses } = ground
  const accountOf = (player: PlayerId) => db.once((tx) => store.accounts.of(tx, player))
  const ownerOf = (username: string) => db.once((tx) => store.accounts.named(tx, keyOf(username), null))

  /** Hashes unless somebody else has the name; asked when it is its turn, so that of two hundred who want one name only
   *  the first costs a hash. */
  const hashUnlessTaken = (player: PlayerId, { username, password }: Credentials) =>
    hasher.inTurn(async (hashing) => {
      const owner = await ownerOf(username)
      if (owner !== null && owner.player !== player) throw new Refusal('USERNAME_TAKEN')
      return hashing.hash(password)
    })

  /** A guest who is one no longer: the same request came before, or another account was chosen meanwhile. */
  async function repeatUpgrade(login: LoginId, account: AccountRow, asked: Credentials, address: string) {
    if (account.usernameKey !== keyOf(asked.username)) throw new Refusal('NOT_A_GUEST')
    const tried = await throttle.trySignIn(asked.username, address)
    if (!(await hasher.inTurn((hashing) => hashing.matches(account.passwordHash, asked.password)))) {
      throw new Refusal('NOT_A_GUEST')
    }
    await tried.takeBack()
    return db.once(async (tx) => going(await logins.succeed(tx, login, 'again')))
  }

  /** Throws where the login has ended meanwhile, and so undoes what this transaction did. */
  function going(tokens: Tokens | null): Tokens {
    if (tokens === null) throw new Refusal('UNAUTHENTICATED')
    return tokens
  }

  return {
    async register({ player, username, password, nick, serverKey = null }, address) {
      requireGoodPassword(password, username, 'password')
      const chosenNick = requireAccountNick(nick ?? username)
      await throttle.register(address)
      const passwordHash = await hashUnlessTaken(player, { username, password })
      const at = clock.now()
      const fresh = logins.fresh(address)
      const who = { player, login: fresh.login.id, apiKey: serverKey, address: addresses.kept(address) }
      const audit = { at, what: 'registered', ...who } as const
      const account = {
        ...{ player, username, usernameKey: keyOf(username), nick: chosenNick, passwordHash },
        ...{ operator: false, serverKey, at },
      }
      if (await db.once((tx) => store.accounts.create(tx, account, fresh.login, audit))) {
        return logins.tokensOf({ player, nick: chosenNick, guest: false, endsAt: fresh.login.endsAt }, fresh)
      }
      const owner = await ownerOf(username)
      if (owner?.player !== player) throw new Refusal('USERNAME_TAKEN')
      const request = { player, passwordHash: owner.passwordHash, login: fresh.login, audit }
      const bearer = await db.once((tx) => store.logins.open(tx, request))
      if (bearer === null) throw new Refusal('USERNAME_TAKEN')
      return logins.tokensOf(bearer, fresh)
    },

    async upgrade({ player, login }, { username, password }, address) {
      requireGoodPassword(password, username, 'password')
      const account = await accountOf(player)
      if (account !== null) return repeatUpgrade(login, account, { username, password }, address)
      await throttle.register(address)
      const passwordHash = await hashUnlessTaken(player, { username, password })
      const at = clock.now()
      const asked = { player, username, usernameKey: keyOf(username), nick: username, passwordHash, at }
      const audit = { at, what: 'upgraded', player, login, address: addresses.kept(address) } as const
      const tokens = await db.transact(async (tx) =>
        (await store.accounts.upgrade(tx, asked, audit)) ? going(await logins.succeed(tx, login)) : null,
      )
      if (tokens !== null) return tokens
      const since = await accountOf(player)
      if (since === null) throw new Refusal('USERNAME_TAKEN')
      return repeatUpgrade(login, since, { username, password }, address)
    },

    async changePassword({ player, login }, { current, next }, address) {
      const account = await accountOf(player)
      if (account === null) throw new Refusal('GUESTS_NOT_ALLOWED', { detail: noPassword })
      requireGoodPassword(next, account.username, 'new_password')
      const tried = await throttle.trySignIn(account.username, address)
      await tried.from(true)
      const { passwordHash } = account
      const { nextHash, repeats } = await hasher.inTurn(async (hashing) => {
        if (await hashing.matches(passwordHash, current)) return { nextHash: await hashing.hash(next), repeats: false }
        return { nextHash: null, repeats: await hashing.matches(passwordHash, next) }
      })
      // It was changed so before, and the answer was lost.
      if (repeats) {
        await tried.takeBack()
        return db.once(async (tx) => going(await logins.renew(tx, login)))
      }
      if (nextHash === null || passwordHash === null) throw new Refusal('INVALID_CREDENTIALS')
      await tried.takeBack()
      return db.transact(async (tx) => {
        const at = clock.now()
        const from = { player, from: passwordHash, to: nextHash, at }
        if (!(await store.accounts.changePassword(tx, from))) throw new Refusal('INVALID_CREDENTIALS')
        await endings.end(tx, { player, except: login }, 'password')
        const audit = { at, what: 'password_changed', player, login, address: addresses.kept(address) } as const
        await store.audit.append(tx, audit)
        return going(await logins.renew(tx, login))
      })
    },
  }
}
