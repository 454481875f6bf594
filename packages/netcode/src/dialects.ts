/**
 * Who is to understand the token. `netcode`: the C library, yojimbo, netcode.io. `renet`: Rust's renetcode, which wants the
 * client id before the token and the token no longer than it is. `lightyear`: from 0.21, every integer big-endian.
 */
export const dialects = ['netcode', 'renet', 'lightyear'] as const
export type Dialect = (typeof dialects)[number]

export interface Layout {
  littleEndian: boolean
  /** IPv6 as its 16 bytes in network order, instead of eight numbers in the order of the others. */
  ipv6InNetworkOrder: boolean
  /** The client id in front, for a client that does not know it. */
  clientIdFirst: boolean
  /** Filled up with zeros to the longest that a token can be. */
  padded: boolean
}

export const layouts: Readonly<Record<Dialect, Layout>> = {
  netcode: { littleEndian: true, ipv6InNetworkOrder: false, clientIdFirst: false, padded: true },
  renet: { littleEndian: true, ipv6InNetworkOrder: true, clientIdFirst: true, padded: false },
  lightyear: { littleEndian: false, ipv6InNetworkOrder: true, clientIdFirst: false, padded: true },
}
