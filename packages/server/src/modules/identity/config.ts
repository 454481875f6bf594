import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'
import { providersOptions } from './providers/config.ts'

const day = 86_400

const tokenOptions = {
  issuer: Type.String({ default: 'muster', minLength: 1, description: 'Who issues access tokens (`iss`)' }),
  audience: Type.String({ default: 'muster', minLength: 1, description: 'Whom access tokens are for (`aud`)' }),
  accessTokenS: Type.Integer({ default: 900, minimum: 10, maximum: 86_400, description: 'Life of an access token' }),
  refreshIdleS: Type.Integer({
    default: 30 * day,
    minimum: 60,
    description: 'A login ends when it was not refreshed for this long',
  }),
  loginLifeS: Type.Integer({
    default: 180 * day,
    minimum: 60,
    description: 'A login ends at this age, however much it is used',
  }),
  refreshGraceS: Type.Integer({
    default: 30,
    minimum: 0,
    maximum: 300,
    description: 'How long a spent refresh token still gets the same successor, so that a lost answer logs nobody out',
  }),
  loginsMax: Type.Integer({
    default: 50,
    minimum: 1,
    maximum: 1_000,
    description: 'Logins of one player; a further one ends the oldest',
  }),
  verifiedTokensMax: Type.Integer({
    default: 10_000,
    minimum: 0,
    description: 'Access tokens remembered as verified, since a signature takes a tenth of a millisecond to check',
  }),
  signingKeyAgeS: Type.Integer({
    default: 30 * day,
    minimum: 60,
    description: 'A signing key gives way to the next at this age',
  }),
  signingKeyAheadS: Type.Integer({
    default: 3_600,
    minimum: 30,
    description: 'How long the next signing key is published before it signs; longer than anybody caches the key set',
  }),
  keySetCacheS: Type.Integer({
    default: 300,
    minimum: 0,
    maximum: 86_400,
    description: 'How long verifiers may cache the published key set',
  }),
}

const passwordOptions = {
  hashesAtOnceMax: Type.Integer({ default: 2, minimum: 1, maximum: 64, description: 'Passwords hashed at once' }),
  hashesWaitingMax: Type.Integer({
    default: 512,
    minimum: 1,
    description: 'Passwords waiting to be hashed; beyond, callers are told to come back',
  }),
  argon2MemoryKiB: Type.Integer({ default: 19_456, minimum: 19_456, description: 'Memory of one argon2id hash' }),
  argon2Passes: Type.Integer({ default: 2, minimum: 2, maximum: 64, description: 'Passes of one argon2id hash' }),
}

const throttleOptions = {
  signInPairMax: Type.Integer({
    default: 5,
    minimum: 1,
    description: 'Failed sign-ins to one account from one address, each signInPairS',
  }),
  signInPairS: Type.Integer({ default: 30, minimum: 1, description: 'The span of signInPairMax' }),
  signInAddressMax: Type.Integer({
    default: 100,
    minimum: 1,
    description: 'Failed sign-ins from one address to any account, each signInAddressS',
  }),
  signInAddressS: Type.Integer({ default: 300, minimum: 1, description: 'The span of signInAddressMax' }),
  signInNameMax: Type.Integer({
    default: 60,
    minimum: 1,
    description: 'Failed sign-ins to one account from all addresses its owner never used, each signInNameS',
  }),
  signInNameS: Type.Integer({ default: 900, minimum: 1, description: 'The span of signInNameMax' }),
  registrationsPerMinute: Type.Integer({ default: 500, minimum: 1, description: 'Accounts made from one address' }),
  guestsPerMinute: Type.Integer({ default: 1_000, minimum: 1, description: 'Guests made from one address' }),
}

/** What an operator may set about identity. */
export const identityOptions = Closed({
  ...tokenOptions,
  ...passwordOptions,
  ...throttleOptions,
  providers: providersOptions,
  guestBatchMax: Type.Integer({ default: 256, minimum: 1, maximum: 1_000, description: 'Guests written at once' }),
  guestsWaitingMax: Type.Integer({
    default: 10_000,
    minimum: 1,
    description: 'Guests waiting to be written; beyond, callers are told to come back',
  }),
  refreshBatchMax: Type.Integer({ default: 256, minimum: 1, maximum: 1_000, description: 'Logins refreshed at once' }),
  refreshesWaitingMax: Type.Integer({
    default: 10_000,
    minimum: 1,
    description: 'Logins waiting to be refreshed; beyond, callers are told to come back',
  }),
  revocationPollMs: Type.Integer({
    default: 1_500,
    minimum: 100,
    maximum: 3_000,
    description: 'How often each node looks for logins that ended elsewhere',
  }),
  keyCacheMs: Type.Integer({
    default: 2_000,
    minimum: 0,
    maximum: 4_000,
    description: 'How long an API key is believed without looking',
  }),
  keysCachedMax: Type.Integer({ default: 1_000, minimum: 1, description: 'API keys remembered at once' }),
  loginsKeptDays: Type.Number({
    default: 30,
    minimum: 0,
    description: 'How long ended logins are kept, by whose addresses an owner under attack is known',
  }),
  auditKeptDays: Type.Number({ default: 180, minimum: 1, description: 'How long audit rows are kept' }),
  auditAddress: Type.Union([Type.Literal('hashed'), Type.Literal('plain'), Type.Literal('none')], {
    default: 'hashed',
    description: 'How audit rows hold the address of who acted: under a keyed hash, as it is, or not at all',
  }),
  sweepEveryS: Type.Integer({ default: 60, minimum: 1, maximum: 3_600, description: 'How often old rows are removed' }),
  sweepBatchMax: Type.Integer({ default: 1_000, minimum: 1, description: 'Rows of one kind removed in a sweep' }),
})
export type IdentityOptions = Static<typeof identityOptions>
