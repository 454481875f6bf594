import type { Proof } from '@muster/protocol'

/** Whom a provider knows somebody as. */
export interface Vouched {
  /** Unique and lasting within the issuer. */
  subject: string
  /** As the provider has it; it may be anything. */
  nick: string | null
}

/** Somebody else who can say who a player is. */
export interface Provider {
  /** Whose subjects these are. Links are kept under it rather than under the name in the configuration, so that a name
   *  which is given to another provider leads to nobody else's account. */
  readonly issuer: string
  /** Throws INVALID_PROVIDER_TOKEN for what does not prove anything, FORBIDDEN for whom the provider bars, and
   *  PROVIDER_UNAVAILABLE where the provider cannot be asked. */
  vouch(proof: Proof): Promise<Vouched>
}
