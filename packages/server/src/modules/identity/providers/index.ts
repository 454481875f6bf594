import { Refusal } from '@muster/protocol'
import type { Clock } from '../../../platform/clock.ts'
import type { Log } from '../../../platform/log.ts'
import { ConfigError } from '../../../platform/options.ts'
import type { ProviderOptions, ProvidersOptions } from './config.ts'
import type { Provider } from './provider.ts'
import { secretOf } from './secret-file.ts'
import { createSteamProvider } from './steam.ts'

export { completeProviderOptions, type ProviderOptions, type ProvidersOptions, providersOptions } from './config.ts'
export type { Provider, Vouched } from './provider.ts'

/** The providers that the configuration names. */
export interface Providers {
  /** Throws PROVIDER_NOT_FOUND. */
  named(name: string): Provider
  /** The first of that issuer's; null where none is left. */
  nameOf(issuer: string): string | null
}

/** Throws a ConfigError where a file with a secret cannot be read. */
export function createProviders(ground: { clock: Clock; log: Log }, options: ProvidersOptions): Providers {
  const complaints: string[] = []
  const secretIn = (place: string, file: string): string => {
    try {
      return secretOf(file)
    } catch (error) {
      complaints.push(`identity.providers.${place}: ${(error as Error).message}`)
      return ''
    }
  }
  const create = (name: string, one: ProviderOptions): Provider => {
    if (one.kind === 'steam') {
      return createSteamProvider({ ...ground, key: secretIn(`${name}.keyFile`, one.keyFile) }, one)
    }
    const file = one.clientSecretFile
    const secret = file === undefined ? null : secretIn(`${name}.clientSecretFile`, file)
    // Its libraries take memory and time to load, which are spent when the first player comes by it.
    let loaded: Promise<Provider> | null = null
    return {
      issuer: new URL(one.issuer).href,
      async vouch(proof) {
        loaded ??= import('./oidc.ts').then(({ createOidcProvider }) => createOidcProvider({ ...ground, secret }, one))
        return (await loaded).vouch(proof)
      },
    }
  }
  // A map has no names but those that were put in, whatever is asked for.
  const providers = new Map(Object.entries(options).map(([name, one]) => [name, create(name, one)]))
  if (complaints.length > 0) throw new ConfigError('What it holds of sign-in providers', complaints)

  return {
    named(name) {
      const provider = providers.get(name)
      if (provider === undefined) throw new Refusal('PROVIDER_NOT_FOUND')
      return provider
    },
    nameOf(issuer) {
      for (const [name, provider] of providers) if (provider.issuer === issuer) return name
      return null
    },
  }
}
