import {
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  genericGrantRequest,
  None,
  ResponseBodyError,
} from 'openid-client'
import type { OidcOptions } from './config.ts'
import { notVouched, unavailable } from './refusing.ts'

export const clientAuthenticationOf = (
  secret: string | null,
  { clientAuthentication }: Pick<OidcOptions, 'clientAuthentication'>,
) => (secret === null ? None() : clientAuthentication === 'post' ? ClientSecretPost(secret) : ClientSecretBasic(secret))

export interface Code {
  code: string
  code_verifier: string
  redirect_uri: string
}

/** What the provider says to whoever brings a wrong, spent or foreign code. Anything else is between it and us. */
const callersFaults = new Set(['invalid_grant', 'invalid_request'])

/** The ID token that the provider gives for a code. */
export async function exchangeCode(
  configuration: Configuration,
  { code, code_verifier, redirect_uri }: Code,
): Promise<string> {
  const grant = { code, code_verifier, redirect_uri }
  const { id_token } = await genericGrantRequest(configuration, 'authorization_code', grant).catch((error: unknown) => {
    if (error instanceof ResponseBodyError && error.status === 400 && callersFaults.has(error.error)) {
      throw notVouched('The provider does not take this code. Sign in there again.')
    }
    throw unavailable(error)
  })
  if (id_token === undefined) throw notVouched('The provider gave no ID token: ask it for the scope openid.')
  return id_token
}
