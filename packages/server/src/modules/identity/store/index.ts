import { type AccountStore, sqlAccountStore } from './accounts.ts'
import { type AuditStore, sqlAuditStore } from './audit.ts'
import { type ApiKeyStore, sqlApiKeyStore } from './keys.ts'
import { type LinkStore, sqlLinkStore } from './links.ts'
import { type LoginStore, sqlLoginStore } from './logins.ts'
import { type PlayerStore, sqlPlayerStore } from './players.ts'
import { type SigningKeyStore, sqlSigningKeyStore } from './signing-keys.ts'

export type { AccountRow, AccountStore, NewAccount } from './accounts.ts'
export type { AuditEntry, AuditedAct, AuditStore } from './audit.ts'
export type { ApiKeyRow, ApiKeyStore } from './keys.ts'
export type { Link, LinkStore, NewLinked, OutsideIdentity } from './links.ts'
export type { Bearer, EndedLogin, EndReason, LoginRow, LoginStore, NewLogin, Rotation, WhichLogins } from './logins.ts'
export type { Ban, NewGuest, Person, PlayerStore } from './players.ts'
export type { SigningKeyRow, SigningKeyStore } from './signing-keys.ts'
export { identityMigrations } from './tables.ts'

/** What identity keeps, as atomic verbs on plain data. */
export interface IdentityStore {
  players: PlayerStore
  accounts: AccountStore
  links: LinkStore
  logins: LoginStore
  keys: ApiKeyStore
  signingKeys: SigningKeyStore
  audit: AuditStore
}

export const sqlIdentityStore = (): IdentityStore => ({
  players: sqlPlayerStore(),
  accounts: sqlAccountStore(),
  links: sqlLinkStore(),
  logins: sqlLoginStore(),
  keys: sqlApiKeyStore(),
  signingKeys: sqlSigningKeyStore(),
  audit: sqlAuditStore(),
})
