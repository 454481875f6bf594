import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { addressText } from './addresses.ts'
import { Reader } from './bytes.ts'
import { type Dialect, layouts } from './dialects.ts'
import { addressesMax, associatedData, keyBytes, nonceBytes, privateBytes, userDataBytes, version } from './token.ts'

/** What whoever carries a token can read. */
export interface PublicToken {
  protocolId: bigint
  createTimestamp: bigint
  expireTimestamp: bigint
  nonce: Uint8Array
  timeoutSeconds: number
  publicAddresses: string[]
  clientToServerKey: Uint8Array
  serverToClientKey: Uint8Array
}

/** What only the server reads. */
export interface PrivateToken {
  clientId: bigint
  timeoutSeconds: number
  internalAddresses: string[]
  clientToServerKey: Uint8Array
  serverToClientKey: Uint8Array
  userData: Uint8Array
}

/** Reads what is open; a RangeError where it is no token of that dialect. */
export function readConnectToken(token: Uint8Array, dialect: Dialect): PublicToken {
  return take(token, dialect).open
}

/** Opens the private part with the server's key. An error says that it was sealed with another, or changed since. */
export function openConnectToken(token: Uint8Array, dialect: Dialect, privateKey: Uint8Array): PrivateToken {
  const { open, sealed } = take(token, dialect)
  const layout = layouts[dialect]
  const reader = new Reader(
    xchacha20poly1305(privateKey, open.nonce, associatedData(layout, open)).decrypt(sealed),
    layout,
  )
  return {
    clientId: reader.u64(),
    timeoutSeconds: reader.u32(),
    internalAddresses: reader.addresses(addressesMax).map(addressText),
    clientToServerKey: reader.raw(keyBytes),
    serverToClientKey: reader.raw(keyBytes),
    userData: reader.raw(userDataBytes),
  }
}

function take(token: Uint8Array, dialect: Dialect): { open: PublicToken; sealed: Uint8Array } {
  const reader = new Reader(token, layouts[dialect])
  if (layouts[dialect].clientIdFirst) reader.u64()
  if (!reader.raw(version.length).every((byte, at) => byte === version[at])) {
    throw new RangeError(`This is no connect token of the dialect ${dialect}.`)
  }
  const head = {
    protocolId: reader.u64(),
    createTimestamp: reader.u64(),
    expireTimestamp: reader.u64(),
    nonce: reader.raw(nonceBytes),
  }
  const sealed = reader.raw(privateBytes)
  const open = {
    ...head,
    timeoutSeconds: reader.u32(),
    publicAddresses: reader.addresses(addressesMax).map(addressText),
    clientToServerKey: reader.raw(keyBytes),
    serverToClientKey: reader.raw(keyBytes),
  }
  return { open, sealed }
}
