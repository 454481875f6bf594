import type { ConnectTokenInput } from '@muster/netcode'
import Type, { type Static } from 'typebox'
import { errorsOf, problemOf } from '../../platform/option-problems.ts'
import { misuse } from '../command.ts'

const hex = { pattern: '^(?:[0-9A-Fa-f]{2})*$', form: 'bytes as hexadecimal digits, two for each' }
const Hex = Type.String(hex)
const Key = Type.String({ ...hex, writeOnly: true })
const Big = Type.Union(
  [
    Type.String({ pattern: '^(?:0x[0-9A-Fa-f]+|[0-9]+)$' }),
    Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  ],
  { form: 'a whole number from 0 on, as text beyond 2⁵³: decimal, or 0x and hexadecimal digits' },
)
const Addresses = Type.Array(Type.String())

const fields = {
  privateKeyHex: Key,
  nonceHex: Hex,
  clientToServerKeyHex: Key,
  serverToClientKeyHex: Key,
  protocolId: Big,
  clientId: Big,
  createTimestamp: Big,
  expireTimestamp: Big,
  timeoutSeconds: Type.Integer(),
  publicAddresses: Addresses,
  internalAddresses: Type.Optional(Addresses),
  userDataHex: Hex,
}
const Input = Type.Object(fields, { additionalProperties: false, writeOnly: true })

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

/** Reads what `muster connect-token` is given: JSON with bytes as hex, and numbers beyond 2⁵³ as text. */
export function tokenInputIn(text: string): ConnectTokenInput {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch (error) {
    // The rest of the message would quote what stands there, which may be a key.
    const [at] = /at position \d+/.exec((error as Error).message) ?? []
    throw misuse(`This is no JSON${at === undefined ? '' : `: it goes wrong ${at}`}.`)
  }
  const errors = errorsOf(Input, read)
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
