import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Secrets } from '../../../platform/secrets.ts'
import type { SigningKeyRow } from '../store/index.ts'

/** A key pair that access tokens are signed with. */
export interface SigningKey {
  generation: number
  kid: string
  /** The whole header of its tokens, encoded: a verifier compares it as it stands, so no header is ever parsed, and
   *  what a stranger writes into one (`none`, `jku`, `jwk` …) has nobody to speak to. */
  header: string
  publicKey: KeyObject
  privateKey: KeyObject
  publicX: string
  signsFrom: number
}

export interface RotationOptions {
  signingKeyAgeS: number
  signingKeyAheadS: number
  accessTokenS: number
}

/** Clocks and transactions take their time; a key is kept this much longer than anybody needs it. */
const slackMs = 60_000

const purposeOf = (kid: string) => `identity signing key ${kid}`

/** A JWK's thumbprint, RFC 7638. */
const thumbprintOf = (publicX: string) =>
  createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${publicX}"}`).digest('base64url')

export function makeSigningKey(
  secrets: Secrets,
  due: { generation: number; signsFrom: number },
  createdAt: number,
): SigningKeyRow {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x: publicX = '' } = publicKey.export({ format: 'jwk' })
  const kid = thumbprintOf(publicX)
  const privateSealed = secrets.seal(purposeOf(kid), privateKey.export({ format: 'der', type: 'pkcs8' }))
  return { ...due, kid, publicX, privateSealed, createdAt }
}

export function openSigningKey(secrets: Secrets, row: SigningKeyRow): SigningKey {
  const { generation, kid, publicX, signsFrom } = row
  const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: 'at+jwt', kid })).toString('base64url')
  return {
    ...{ generation, kid, publicX, signsFrom, header },
    privateKey: createPrivateKey({
      key: secrets.open(purposeOf(kid), row.privateSealed),
      format: 'der',
      type: 'pkcs8',
    }),
    publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicX }, format: 'jwk' }),
  }
}

type Dated = Pick<SigningKeyRow, 'generation' | 'signsFrom'>

/** The key to make now, if it is time: it is there for everybody to see well before it signs. */
export function dueKey(keys: readonly Dated[], now: number, options: RotationOptions): Dated | null {
  const newest = keys.at(-1)
  if (newest === undefined) return { generation: 1, signsFrom: now }
  const nextSignsFrom = newest.signsFrom + options.signingKeyAgeS * 1_000
  const aheadMs = options.signingKeyAheadS * 1_000
  if (nextSignsFrom - aheadMs > now) return null
  return { generation: newest.generation + 1, signsFrom: Math.max(nextSignsFrom, now + aheadMs) }
}

/** The newest key that may sign. */
export const signingNow = <Key extends Dated>(keys: readonly Key[], now: number): Key | undefined =>
  keys.findLast((key) => key.signsFrom <= now) ?? keys[0]

/** Below this generation no token lives any more. */
export function oldestNeeded(keys: readonly Dated[], now: number, options: RotationOptions): number {
  const tokenMs = options.accessTokenS * 1_000 + slackMs
  const successor = keys.findLast((key) => key.signsFrom + tokenMs <= now)
  return successor?.generation ?? 0
}
