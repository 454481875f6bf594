import { Refusal } from '@muster/protocol'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import {
  allowInsecureRequests,
  type Configuration,
  type CustomFetch,
  clockTolerance,
  customFetch,
  discovery,
} from 'openid-client'
import { believed } from '../../../platform/believed.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Log } from '../../../platform/log.ts'
import { createOutbound } from '../../../platform/outbound.ts'
import { clientAuthenticationOf, exchangeCode } from './code-exchange.ts'
import type { OidcOptions } from './config.ts'
import { readIdToken } from './id-token.ts'
import { nickFrom } from './nick.ts'
import type { Provider } from './provider.ts'
import { misshapen, unavailable } from './refusing.ts'

const answerBytesMax = 262_144
const keysMax = 100
/** Keys are looked at again well before they are believed no longer, so that a provider may be down for a while. */
const freshPart = 1 / 6
const jwtShape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/
/** The library judges by this machine's clock, which may be minutes off; afterwards we judge by the database's. */
const machineClockToleranceS = 600

interface OidcGround {
  clock: Clock
  log: Log
  /** Null for a client that has none. */
  secret: string | null
}

/** A provider that speaks OpenID Connect: where its keys are is read from its metadata, and its ID tokens are checked
 *  with them, here. */
export function createOidcProvider({ clock, log, secret }: OidcGround, options: OidcOptions): Provider {
  const issuer = new URL(options.issuer)
  const outbound = createOutbound(
    { clock },
    {
      hosts: [issuer.host, ...options.hosts.map((host) => new URL(`https://${host}`).host)],
      timeoutMs: options.timeoutMs,
      bytesMax: answerBytesMax,
      atOnceMax: options.callsMax,
    },
  )
  const keptMs = options.keysKeptS * 1_000
  const belief = { freshMs: keptMs * freshPart, keptMs, restMs: options.keysRestS * 1_000 }

  /** The library's calls go out by the same door. */
  const fetchBounded: CustomFetch = async (address, { method, headers, body }) => {
    const sent = body === undefined || body === null ? {} : { body: String(body) }
    const { status, headers: heard, text } = await outbound.call(new URL(address), { method, headers, ...sent })
    return new Response(text === '' ? null : text, { status, headers: heard })
  }

  async function noted<T>(what: string, fetch: () => Promise<T>): Promise<T> {
    try {
      return await fetch()
    } catch (error) {
      const refusal = unavailable(error, options.keysRestS)
      log.warn({ err: refusal.cause, issuer: options.issuer }, `a sign-in provider’s ${what} cannot be read`)
      throw refusal
    }
  }

  const metadata = believed<Configuration>(clock, belief, () =>
    noted('metadata', () =>
      discovery(
        issuer,
        options.clientId,
        { [clockTolerance]: machineClockToleranceS },
        clientAuthenticationOf(secret, options),
        {
          [customFetch]: fetchBounded,
          timeout: 60,
          execute: issuer.protocol === 'http:' ? [allowInsecureRequests] : [],
        },
      ),
    ),
  )

  const keys = believed<JWTVerifyGetKey>(clock, belief, () =>
    noted('keys', async () => {
      const { jwks_uri } = (await metadata.get()).serverMetadata()
      if (jwks_uri === undefined) throw new Error('The metadata names no jwks_uri.')
      const { status, text } = await outbound.call(new URL(jwks_uri))
      if (status !== 200) throw new Error(`The keys were answered with status ${status}.`)
      const set = JSON.parse(text) as JSONWebKeySet
      if (!Array.isArray(set?.keys) || set.keys.length > keysMax) throw new Error('These are no keys, or too many.')
      return createLocalJWKSet(set)
    }),
  )

  const keyFor: JWTVerifyGetKey = async (header, token) => {
    const known = await keys.get()
    try {
      return await known(header, token)
    } catch (error) {
      // The provider may have changed to another key since.
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      return (await keys.renew())(header, token)
    }
  }

  return {
    issuer: issuer.href,
    async vouch(proof) {
      if ('token' in proof && !jwtShape.test(proof.token))
        throw misshapen('token', 'must be: an ID token, a signed JWT')
      try {
        const configuration = await metadata.get()
        const token = 'token' in proof ? proof.token : await exchangeCode(configuration, proof)
        const rules = { ...options, issuer: configuration.serverMetadata().issuer }
        const claims = await readIdToken(token, proof.nonce, keyFor, rules, clock.now())
        return { subject: claims.sub, nick: nickFrom(options.nickClaims.map((claim) => claims[claim])) }
      } catch (error) {
        if (error instanceof Refusal) throw error
        // A key that cannot be used, say.
        throw unavailable(error)
      }
    },
  }
}
