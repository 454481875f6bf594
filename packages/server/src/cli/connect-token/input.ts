import type { ConnectTokenInput } from '@muster/netcode'
import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { problemOf } from '../../platform/option-problems.ts'
import { misuse } from '../command.ts'

const Hex = Type.String({ pattern: '^(?:[0-9A-Fa-f]{2})*$', description: 'bytes as hex' })
const Big = Type.Union([
  Type.String({ pattern: '^(?:0x[0-9A-Fa-f]+|[0-9]+)$' }),
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
])
const Addresses = Type.Array(Type.String())

const Input = Closed({
  privateKeyHex: Hex,
  nonceHex: Hex,
  clientToServerKeyHex: Hex,
  serverToClientKeyHex: Hex,
  protocolId: Big,
  clientId: Big,
  createTimestamp: Big,
  expireTimestamp: Big,
  timeoutSeconds: Type.Integer(),
  publicAddresses: Addresses,
  internalAddresses: Type.Optional(Addresses),
  userDataHex: Hex,
})

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

/** Reads what `muster connect-token` is given: JSON with bytes as hex, and numbers beyond 2⁵³ as text. */
export function tokenInputIn(text: string): ConnectTokenInput {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch (error) {
    throw misuse(`This is no JSON: ${(error as Error).message}`)
  }
  const errors = [...Value.Errors(Input, read)]
  const problems = errors.flatMap((error) => {
    const problem = problemOf(error, errors, Input, read, read)
    return problem === null ? [] : [[...problem.place, problem.words].join(': ')]
  })
  if (errors.length > 0) throw misuse(`No token can be made of this: ${[...new Set(problems)].join('; ')}.`)
  const given = read as Static<typeof Input>
  return {
    privateKey: bytesOf(given.privateKeyHex),
    nonce: bytesOf(given.nonceHex),
    clientToServerKey: bytesOf(given.clientToServerKeyHex),
    serverToClientKey: bytesOf(given.serverToClientKeyHex),
    protocolId: BigInt(given.protocolId),
    clientId: BigInt(given.clientId),
    createTimestamp: BigInt(given.createTimestamp),
    expireTimestamp: BigInt(given.expireTimestamp),
    timeoutSeconds: given.timeoutSeconds,
    publicAddresses: given.publicAddresses,
    internalAddresses: given.internalAddresses,
    userData: bytesOf(given.userDataHex),
  }
}
