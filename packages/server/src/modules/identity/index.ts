import type { KeyId, LoginId, PlayerId } from '@muster/protocol'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Authenticators } from '../../platform/http/admission.ts'
import type { Limits } from '../../platform/http/limits.ts'
import type { PlayerCaller, Route } from '../../platform/http/route.ts'
import type { MintId } from '../../platform/ids.ts'
import type { Log } from '../../platform/log.ts'
import type { Metrics } from '../../platform/metrics.ts'
import type { Random } from '../../platform/random.ts'
import type { Repeating } from '../../platform/repeat.ts'
import type { Secrets } from '../../platform/secrets.ts'
import type { Wakes } from '../../platform/wakes.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { createAddressPolicy } from './addresses.ts'
import type { IdentityOptions } from './config.ts'
import { createEndings, type Endings } from './endings.ts'
import { createGuests } from './guests.ts'
import { type ApiKeys, type ApiKeyView, createApiKeys, type NewApiKey } from './keys/api-keys.ts'
import { createLogins } from './logins.ts'
import { createOperators, type Operators } from './operators.ts'
import { createOutside } from './outside.ts'
import { createHasher } from './passwords/hasher.ts'
import { createPeople } from './people.ts'
import { createPersonal, type Personal } from './personal.ts'
import { providerRoutes } from './provider-routes.ts'
import { createProviders } from './providers/index.ts'
import { createRename, type Rename } from './rename.ts'
import { identityRoutes } from './routes.ts'
import { createServerAccounts, type ServerAccounts } from './server-accounts.ts'
import { createSignIn, type SignIn } from './sign-in.ts'
import { type IdentityStore, type Person, sqlIdentityStore } from './store/index.ts'
import { startSweeper } from './sweeper.ts'
import { createThrottle } from './throttle.ts'
import { createAccessTokens } from './tokens/access-tokens.ts'
import { createRefreshTokens } from './tokens/refresh-token.ts'
import { createSigningKeys } from './tokens/signing-keys.ts'

export { type BannedLogin, identityAudit } from './audit.ts'
export { type IdentityOptions, identityOptions } from './config.ts'
export type { LoginEnded } from './endings.ts'
export type { ApiKeyView, NewApiKey } from './keys/api-keys.ts'
export type { Personal } from './personal.ts'
export type { Rename } from './rename.ts'
export type { ServerAccounts } from './server-accounts.ts'
export { type IdentityStore, identityMigrations, type Person, sqlIdentityStore } from './store/index.ts'

/** Identity knows who is asking. It makes players, with an account or as guests; it opens, prolongs and ends logins; it
 *  signs the tokens by which callers are known, and judges them; and it keeps the API keys of servers and operators.
 *  It knows nothing of play. */
export interface Identity {
  routes: Route[]
  start(): Promise<void>
  stop(): Promise<void>
  authenticators: Pick<Authenticators, 'player' | 'key'>
  /** Null for what is not a live access token of a login that, as far as is known here, still runs. */
  verifyAccess(token: string): Promise<VerifiedPlayer | null>
  /** Hears of each login that ends, on every node within five seconds. */
  onLoginEnded: Endings['onEnded']
  /** False once its end is known here. */
  isLive: Endings['isLive']
  /** Those who are there; erased players are not. */
  peopleOf(players: PlayerId[]): Promise<Map<PlayerId, Person>>
  rename: Rename
  register: Accounts['register']
  signIn: SignIn
  /** Ends a login whose player asks for it. */
  endLogin(login: LoginId, address: string): Promise<void>
  /** Whose login it is; null once it has ended. */
  callerOf(login: LoginId): Promise<PlayerCaller | null>
  serverAccounts: ServerAccounts
  eraseAccount(tx: Tx, player: PlayerId): Promise<void>
  /** Guests nobody has played as since, by id, after `after`. */
  staleGuests(unusedSinceMs: number, after: PlayerId | null, max: number): Promise<PlayerId[]>
  /** `actor` is told in the audit; unless given, it is the command line. */
  createKey(key: NewApiKey, actor?: string): Promise<{ key: ApiKeyView; secret: string }>
  listKeys(): Promise<ApiKeyView[]>
  revokeKey(id: KeyId, actor?: string): Promise<void>
  firstOperator: Operators['first']
  setOperator: Operators['set']
  ban: Operators['ban']
  unban: Operators['unban']
  personal: Personal
}

export type VerifiedPlayer = PlayerCaller & { expiresAtMs: number }

export interface IdentityNeeds {
  clock: Clock
  random: Random
  mintId: MintId
  db: Db
  wakes: Wakes
  secrets: Secrets
  limits: Limits
  log: Log
  metrics: Metrics
  store?: IdentityStore
}

const commandLine = 'command line'

export function createIdentity(needs: IdentityNeeds, options: IdentityOptions): Identity {
  const { db, store = sqlIdentityStore() } = needs
  const ground = { ...needs, store }
  const addresses = createAddressPolicy(ground, options)
  const throttle = createThrottle(ground, options)
  const hasher = createHasher(ground, options)
  const endings = createEndings(ground, options)
  const signingKeys = createSigningKeys({ ...ground, store: store.signingKeys }, options)
  const access = createAccessTokens({ ...ground, keys: signingKeys }, options)
  const refreshTokens = createRefreshTokens(needs.secrets)
  const logins = createLogins({ ...ground, access, refreshTokens, endings, addresses }, options)
  const people = { ...ground, hasher, throttle, logins, endings, addresses }
  const accounts = createAccounts(people)
  const guests = createGuests(people, options)
  const operators = createOperators(people)
  const apiKeys: ApiKeys = createApiKeys(ground, options)
  const personal = createPersonal(people)
  const signIn = createSignIn(people, options)
  const providers = createProviders(ground, options.providers)
  const outside = createOutside({ ...people, providers }, options)
  let sweeper: Repeating | null = null

  async function verifyAccess(token: string): Promise<VerifiedPlayer | null> {
    const verified = await access.verify(token)
    if (verified === null || !endings.isLive(verified.login)) return null
    return { kind: 'player', ...verified, operator: endings.isOperator(verified.player) }
  }

  return {
    routes: [
      ...identityRoutes({ ...people, audit: store.audit, accounts, signIn, guests, apiKeys, signingKeys }, options),
      ...providerRoutes(outside),
    ],
    async start() {
      await signingKeys.refresh()
      await endings.start()
      apiKeys.start()
      sweeper = startSweeper({ ...ground, keys: signingKeys }, options)
    },
    async stop() {
      await sweeper?.stop()
      await apiKeys.stop()
      await endings.stop()
    },
    authenticators: { player: verifyAccess, key: apiKeys.authenticate },
    verifyAccess,
    onLoginEnded: endings.onEnded,
    isLive: endings.isLive,
    peopleOf: createPeople(ground),
    rename: createRename({ ...ground, guests }),
    register: accounts.register,
    signIn,
    endLogin: logins.end,
    async callerOf(login) {
      const bearer = await logins.bearerOf(login)
      if (bearer === null) return null
      const { player, nick, guest } = bearer
      return { kind: 'player', player, nick, guest, login, operator: endings.isOperator(player) }
    },
    serverAccounts: createServerAccounts({ ...ground, apiKeys }),
    eraseAccount: personal.erase,
    staleGuests: (unusedSinceMs, after, max) =>
      db.once((tx) => store.players.staleGuests(tx, unusedSinceMs, after, max)),
    createKey: (key, actor = commandLine) => apiKeys.create(key, actor),
    listKeys: apiKeys.list,
    revokeKey: (id, actor = commandLine) => apiKeys.revoke(id, actor),
    firstOperator: operators.first,
    setOperator: operators.set,
    ban: operators.ban,
    unban: operators.unban,
    personal,
  }
}
