import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { OidcOptions } from './config.ts'
import { notVouched } from './refusing.ts'

/** What makes an ID token good. */
export interface IdTokenRules
  extends Pick<OidcOptions, 'clientId' | 'authorizedParties' | 'algorithms' | 'nonce' | 'tokenAgeMaxS'> {
  issuer: string
}

/** Clocks differ a little. */
const toleranceS = 30

const sentences: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'The ID token has expired.',
  ERR_JOSE_ALG_NOT_ALLOWED: 'The ID token is signed in a way that is not accepted.',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'The ID token’s signature is wrong.',
  ERR_JWKS_NO_MATCHING_KEY: 'The ID token is signed with a key that the provider does not publish.',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'The ID token does not say which of the provider’s keys signed it.',
}

/** Claims of a token whose signature, issuer, audience and times are good. Throws INVALID_PROVIDER_TOKEN for any other.
 *  `keyFor` may throw what it likes where it cannot get at the keys. */
export async function readIdToken(
  token: string,
  nonce: string | undefined,
  keyFor: JWTVerifyGetKey,
  rules: IdTokenRules,
  now: number,
): Promise<JWTPayload & { sub: string }> {
  const { payload, protectedHeader } = await jwtVerify(token, keyFor, {
    issuer: rules.issuer,
    audience: [rules.clientId, ...rules.authorizedParties],
    algorithms: [...rules.algorithms],
    requiredClaims: ['sub', 'iat', 'exp'],
    maxTokenAge: rules.tokenAgeMaxS,
    clockTolerance: toleranceS,
    currentDate: new Date(now),
  }).catch((error: unknown) => {
    if (!(error instanceof errors.JOSEError)) throw error
    throw notVouched(isTooOld(error) ? tooOld : (sentences[error.code] ?? claimSentence(error)))
  })
  const problem = idTokenProblem(protectedHeader.typ, payload, nonce, rules)
  if (problem !== null) throw notVouched(problem)
  return payload as JWTPayload & { sub: string }
}

const tooOld = 'The ID token was issued too long ago.'
/** Which is told as an expiry, too. */
const isTooOld = (error: errors.JOSEError) => error instanceof errors.JWTExpired && error.claim === 'iat'

const claimSentence = (error: errors.JOSEError): string =>
  error instanceof errors.JWTClaimValidationFailed
    ? `The ID token’s ${error.claim} is not as it must be.`
    : 'This is not an ID token that can be read.'

/** What OpenID Connect asks beyond a good JWT. */
export function idTokenProblem(
  typ: string | undefined,
  claims: JWTPayload,
  nonce: string | undefined,
  rules: Pick<IdTokenRules, 'clientId' | 'authorizedParties' | 'nonce'>,
): string | null {
  // The same key signs access tokens and logout tokens, which go to other places and prove nothing here.
  if (typ !== undefined && typ.toUpperCase() !== 'JWT') return 'This is another kind of token than an ID token.'
  if (claims.events !== undefined) return 'This is a logout token, not an ID token.'
  if (typeof claims.sub !== 'string' || !/^[^\p{C}]{1,255}$/u.test(claims.sub)) {
    return 'The ID token’s sub is not as it must be.'
  }
  const ours = [rules.clientId, ...rules.authorizedParties]
  const audience = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
  if (!audience.every((one) => typeof one === 'string' && ours.includes(one))) {
    return 'The ID token is also for somebody else.'
  }
  if (audience.length > 1 && claims.azp === undefined) return 'The ID token is for several, and names no azp.'
  if (claims.azp !== undefined && !ours.includes(claims.azp as string)) return 'The ID token was made for another azp.'
  if (claims.nonce !== nonce) {
    if (claims.nonce === undefined) return 'The ID token holds no nonce, though one was named.'
    if (nonce === undefined) return 'The ID token holds a nonce: name it in `nonce`.'
    return 'The ID token holds another nonce.'
  }
  return nonce === undefined && rules.nonce === 'required' ? 'The ID token must hold a nonce.' : null
}
