import type { Secrets } from '../../platform/secrets.ts'
import type { IdentityOptions } from './config.ts'
import { networkOf } from './domain.ts'

/** What may be kept of the address that somebody came from. */
export interface AddressPolicy {
  /** By which an address is known again, and from which it cannot be told without the root secret. Null where the
   *  policy keeps nothing. */
  tag(address: string): string | null
  /** What stands in an audit row. */
  kept(address: string): string | null
}

export function createAddressPolicy(
  { secrets }: { secrets: Secrets },
  { auditAddress }: Pick<IdentityOptions, 'auditAddress'>,
): AddressPolicy {
  const tagOf = (address: string) =>
    secrets.derive('identity address', networkOf(address)).toString('base64url').slice(0, 22)
  return {
    tag: (address) => (auditAddress === 'none' ? null : tagOf(address)),
    kept: (address) => (auditAddress === 'none' ? null : auditAddress === 'plain' ? address : tagOf(address)),
  }
}
