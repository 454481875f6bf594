import { Refusal, type Tokens } from '@muster/protocol'
import { timeText } from '../../platform/clock.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { AccountsGround, Credentials } from './accounts.ts'
import type { IdentityOptions } from './config.ts'
import { usernameKey } from './domain.ts'

/** Turns a username and a password into a login. Whether the name exists makes no difference to what is done, and so
 *  to how long it takes: one look, one hash, one audit row. */
export type SignIn = (credentials: Credentials, address: string) => Promise<Tokens>

/** A key that no username has, for what cannot be one. */
const nobodys = ''

export function createSignIn(
  ground: AccountsGround & { metrics: Metrics },
  { loginsMax }: Pick<IdentityOptions, 'loginsMax'>,
): SignIn {
  const { clock, db, store, hasher, throttle, logins, endings, addresses } = ground
  const outcomes = ground.metrics.counter('identity_sign_ins_total', 'Sign-ins with a password, by outcome', [
    'outcome',
  ])

  return async ({ username, password }, address) => {
    const tried = await throttle.trySignIn(username, address)
    const key = usernameKey(username) ?? nobodys
    const account = await db.once((tx) => store.accounts.named(tx, key, addresses.tag(address)))
    await tried.from(account?.atHome ?? false)

    const { right, rehashed } = await hasher.inTurn(async (hashing) => {
      const passwordHash = account?.passwordHash ?? null
      const matched = await hashing.matches(passwordHash, password)
      const outdated = matched && passwordHash !== null && hashing.isOutdated(passwordHash)
      return { right: matched, rehashed: outdated ? await hashing.hash(password) : null }
    })
    const at = clock.now()
    const fail = async (): Promise<never> => {
      outcomes.inc({ outcome: 'failed' })
      const player = account?.player ?? null
      const entry = { at, what: 'sign_in_failed', player, address: addresses.kept(address) } as const
      await db.once((tx) => store.audit.append(tx, entry))
      throw new Refusal('INVALID_CREDENTIALS')
    }
    if (!right || account === null || account.passwordHash === null) return fail()
    await tried.takeBack()
    const { player, passwordHash, bannedUntil } = account
    if (bannedUntil !== null && bannedUntil > at) {
      outcomes.inc({ outcome: 'banned' })
      throw new Refusal('FORBIDDEN', { detail: `This account is banned until ${timeText(bannedUntil)}.` })
    }

    const fresh = logins.fresh(address)
    const audit = { at, what: 'signed_in', player, address: addresses.kept(address) } as const
    const request = { player, passwordHash, login: fresh.login, audit }
    const bearer = await db.once((tx) => store.logins.open(tx, request))
    // The password was changed, the player banned or erased while this one was being hashed.
    if (bearer === null) return fail()
    await db.transact((tx) => endings.end(tx, { player, beyond: loginsMax }, 'crowded'))
    if (rehashed !== null) {
      await db.once((tx) => store.accounts.changePassword(tx, { player, from: passwordHash, to: rehashed, at }))
    }
    outcomes.inc({ outcome: 'good' })
    return logins.tokensOf(bearer, fresh)
  }
}
