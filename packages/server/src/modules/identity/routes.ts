import { identityContracts as contracts, type Tokens } from '@muster/protocol'
import { type Clock, timeText } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { type Caller, playerOf, type Route, route } from '../../platform/http/route.ts'
import type { Accounts } from './accounts.ts'
import type { AddressPolicy } from './addresses.ts'
import type { IdentityOptions } from './config.ts'
import type { Endings } from './endings.ts'
import type { Guests } from './guests.ts'
import type { ApiKeys, ApiKeyView } from './keys/api-keys.ts'
import type { Logins } from './logins.ts'
import type { SignIn } from './sign-in.ts'
import type { AuditStore } from './store/index.ts'
import type { SigningKeys } from './tokens/signing-keys.ts'

interface RoutesGround {
  clock: Clock
  db: Db
  audit: AuditStore
  accounts: Accounts
  signIn: SignIn
  guests: Guests
  logins: Logins
  endings: Endings
  apiKeys: ApiKeys
  signingKeys: SigningKeys
  addresses: AddressPolicy
}

/** Tokens and secrets are for who asked, and for nobody's cache. */
const secretAnswer = { headers: { 'cache-control': 'no-store' } }

const answered = <Status extends 200 | 201>(status: Status, body: Tokens) => ({ status, body, ...secretAnswer })
const done = { status: 204, body: undefined } as const

const textOrNull = (atMs: number | null) => (atMs === null ? null : timeText(atMs))

const keyBody = (key: ApiKeyView) => ({
  id: key.id,
  name: key.name,
  scopes: key.scopes,
  created_at: timeText(key.createdAt),
  expires_at: textOrNull(key.expiresAt),
  last_used_at: textOrNull(key.lastUsedAt),
  revoked_at: textOrNull(key.revokedAt),
})

/** An operator comes by their own login or by a key. */
const actorOf = ({ caller }: { caller: Caller }): string =>
  caller.kind === 'player' ? caller.player : caller.kind === 'key' ? caller.key : caller.kind

export function identityRoutes(ground: RoutesGround, { keySetCacheS }: Pick<IdentityOptions, 'keySetCacheS'>): Route[] {
  const { clock, db, accounts, signIn, guests, logins, endings, apiKeys, signingKeys } = ground
  return [
    route(contracts.register, async ({ body, address, mintId }) =>
      answered(201, await accounts.register({ player: mintId('player'), ...body }, address)),
    ),
    route(contracts.login, async ({ body, address }) => answered(200, await signIn(body, address))),
    route(contracts.guest, async ({ body, address, mintId }) =>
      answered(201, await guests.create({ player: mintId('player'), name: body?.username ?? null }, address)),
    ),
    route(contracts.upgrade, async (call) =>
      answered(200, await accounts.upgrade(playerOf(call), call.body, call.address)),
    ),
    route(contracts.refresh, async ({ body, address }) =>
      answered(200, await logins.refresh(body.refresh_token, address)),
    ),
    route(contracts.logout, async ({ body, address }) => {
      await logins.logout(body.refresh_token, address)
      return done
    }),
    route(contracts.logoutAll, async (call) => {
      const { player, login } = playerOf(call)
      await db.transact(async (tx) => {
        await endings.end(tx, { player }, 'logout_all')
        const at = clock.now()
        const address = ground.addresses.kept(call.address)
        await ground.audit.append(tx, { at, what: 'logged_out_everywhere', player, login, address })
      })
      return done
    }),
    route(contracts.changePassword, async (call) => {
      const change = { current: call.body.current_password, next: call.body.new_password }
      return answered(200, await accounts.changePassword(playerOf(call), change, call.address))
    }),
    route(contracts.jwks, async () => ({
      status: 200,
      headers: { 'cache-control': `public, max-age=${keySetCacheS}` },
      body: {
        keys: signingKeys.published().map(({ publicX, kid }) => ({
          ...({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' } as const),
          ...{ kid, x: publicX },
        })),
      },
    })),
    route(contracts.createKey, async (call) => {
      const { name, scopes, expires_in_s } = call.body
      const expiresAtMs = expires_in_s === undefined ? null : clock.now() + expires_in_s * 1_000
      const { key, secret } = await apiKeys.create({ name, scopes, expiresAtMs }, actorOf(call), call.mintId)
      return { status: 201, body: { ...keyBody(key), secret }, ...secretAnswer }
    }),
    route(contracts.listKeys, async () => ({ status: 200, body: { keys: (await apiKeys.list()).map(keyBody) } })),
    route(contracts.revokeKey, async (call) => {
      await apiKeys.revoke(call.params.id, actorOf(call))
      return done
    }),
  ]
}
