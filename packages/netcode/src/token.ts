import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { type Address, parseAddress } from './addresses.ts'
import { Writer } from './bytes.ts'
import { type Dialect, type Layout, layouts } from './dialects.ts'

export const keyBytes = 32
export const nonceBytes = 24
export const userDataBytes = 256
export const addressesMax = 32
export const tagBytes = 16
/** With its tag. */
export const privateBytes = 1_024
export const paddedBytes = 2_048
export const version = new TextEncoder().encode('NETCODE 1.02\0')
const timeoutMaxS = 2 ** 31 - 1
const u64Max = 2n ** 64n - 1n

/** What the standard calls these, with times in seconds since the epoch. */
export interface ConnectTokenInput {
  /** 32 bytes that the server has too. */
  privateKey: Uint8Array
  /** 24 bytes, never the same twice under one key. */
  nonce: Uint8Array
  /** 32 bytes each, never the same twice. */
  clientToServerKey: Uint8Array
  serverToClientKey: Uint8Array
  /** Of the game and its version; a server refuses tokens of another. */
  protocolId: bigint
  /** Unique among those who are on the server at one time. */
  clientId: bigint
  createTimestamp: bigint
  /** After this moment nobody begins to connect with it. */
  expireTimestamp: bigint
  /** A line that is silent for so long is dropped. 5 to 10 is usual; with 0 it would be dropped at once. */
  timeoutSeconds: number
  /** 1 to 32 places where the client tries to reach the server, in this order. */
  publicAddresses: readonly string[]
  /** What the server believes its address to be: it refuses, in silence, a token that does not name it. The public ones
   *  unless told. */
  internalAddresses?: readonly string[]
  /** 256 bytes that only the server can read. */
  userData: Uint8Array
}

/** A token for one client to connect to one server: 2,048 bytes, for `renet` as many as are needed. A RangeError says what
 *  no token could be made of. */
export function connectToken(input: ConnectTokenInput, dialect: Dialect): Uint8Array {
  check(input)
  const layout = layouts[dialect]
  const shown = addressesOf(input.publicAddresses, 'public')
  const known = addressesOf(input.internalAddresses ?? input.publicAddresses, 'internal')
  const writer = new Writer(paddedBytes + 8, layout)
  if (layout.clientIdFirst) writer.u64(input.clientId)
  const begin = writer.at
  writer.raw(version)
  writer.u64(input.protocolId)
  writer.u64(input.createTimestamp)
  writer.u64(input.expireTimestamp)
  writer.raw(input.nonce)
  writer.raw(
    xchacha20poly1305(input.privateKey, input.nonce, associatedData(layout, input)).encrypt(
      privatePart(input, known, layout),
    ),
  )
  writer.u32(input.timeoutSeconds)
  writer.addresses(shown)
  writer.raw(input.clientToServerKey)
  writer.raw(input.serverToClientKey)
  return writer.bytes.slice(0, layout.padded ? begin + paddedBytes : writer.at)
}

/** What the private part is sealed together with, so that nobody changes it. */
export function associatedData(
  layout: Layout,
  { protocolId, expireTimestamp }: Pick<ConnectTokenInput, 'protocolId' | 'expireTimestamp'>,
): Uint8Array {
  const writer = new Writer(version.length + 16, layout)
  writer.raw(version)
  writer.u64(protocolId)
  writer.u64(expireTimestamp)
  return writer.bytes
}

function privatePart(input: ConnectTokenInput, known: readonly Address[], layout: Layout): Uint8Array {
  const writer = new Writer(privateBytes - tagBytes, layout)
  writer.u64(input.clientId)
  writer.u32(input.timeoutSeconds)
  writer.addresses(known)
  writer.raw(input.clientToServerKey)
  writer.raw(input.serverToClientKey)
  writer.raw(input.userData)
  return writer.bytes
}

function addressesOf(list: readonly string[], which: string): Address[] {
  if (list.length < 1 || list.length > addressesMax) {
    throw new RangeError(`A token names 1 to ${addressesMax} ${which} addresses, not ${list.length}.`)
  }
  return list.map(parseAddress)
}

function check(input: ConnectTokenInput): void {
  const lengths = {
    privateKey: keyBytes,
    nonce: nonceBytes,
    clientToServerKey: keyBytes,
    serverToClientKey: keyBytes,
    userData: userDataBytes,
  } as const
  for (const [name, length] of Object.entries(lengths) as [keyof typeof lengths, number][]) {
    if (input[name].length !== length) throw new RangeError(`${name} has ${length} bytes, not ${input[name].length}.`)
  }
  for (const name of ['protocolId', 'clientId', 'createTimestamp', 'expireTimestamp'] as const) {
    if (input[name] < 0n || input[name] > u64Max) throw new RangeError(`${name} is no number of 64 bits.`)
  }
  if (input.expireTimestamp < input.createTimestamp) throw new RangeError('The token would expire before it is made.')
  const { timeoutSeconds } = input
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > timeoutMaxS) {
    throw new RangeError('timeoutSeconds is a whole number of at least 1: with 0 the line would be dropped at once.')
  }
}
