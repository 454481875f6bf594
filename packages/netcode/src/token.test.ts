import { createDecipheriv } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hchacha } from '@noble/ciphers/chacha.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ConnectTokenInput,
  connectToken,
  type Dialect,
  dialects,
  openConnectToken,
  readConnectToken,
} from './index.ts'

interface Vector {
  name: string
  input: Record<string, string> & { timeoutSeconds: number; publicAddresses: string[]; internalAddresses: string[] }
  expect: Record<Dialect, { tokenHex: string; tokenLength: number }> & {
    netcode: { associatedDataHex: string; usedBytes: number }
  }
}
const { vectors, hchacha20 } = JSON.parse(
  readFileSync(new URL('../../../conformance/netcode.json', import.meta.url), 'utf8'),
) as { vectors: Vector[]; hchacha20: Record<'keyHex' | 'nonce16Hex' | 'outHex', string> }

const bytesOf = (hex = '') => Uint8Array.from(Buffer.from(hex, 'hex'))
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const inputOf = ({ input }: Vector): ConnectTokenInput => ({
  privateKey: bytesOf(input.privateKeyHex),
  nonce: bytesOf(input.nonceHex),
  clientToServerKey: bytesOf(input.clientToServerKeyHex),
  serverToClientKey: bytesOf(input.serverToClientKeyHex),
  protocolId: BigInt(input.protocolId ?? 0),
  clientId: BigInt(input.clientId ?? 0),
  createTimestamp: BigInt(input.createTimestamp ?? 0),
  expireTimestamp: BigInt(input.expireTimestamp ?? 0),
  timeoutSeconds: input.timeoutSeconds,
  publicAddresses: input.publicAddresses,
  internalAddresses: input.internalAddresses,
  userData: bytesOf(input.userDataHex),
})
const [first] = vectors as [Vector]
const good = inputOf(first)

describe('a connect token', () => {
  for (const vector of vectors) {
    it.each(dialects)(`is, byte for byte, what other implementations make: ${vector.name}, %s`, (dialect) => {
      const token = connectToken(inputOf(vector), dialect)
      expect(token.length).toBe(vector.expect[dialect].tokenLength)
      expect(hexOf(token)).toBe(vector.expect[dialect].tokenHex)
    })
  }

  it('is opened by Node’s own cipher under the derived key of the published example', () => {
    const words = (hex = '') => new Uint32Array(bytesOf(hex).buffer)
    const sigma = new Uint32Array(new TextEncoder().encode('expand 32-byte k').buffer)
    const derived = (key: Uint32Array, nonce: Uint32Array) => {
      const out = new Uint32Array(8)
      hchacha(sigma, key, nonce, out)
      return new Uint8Array(out.buffer)
    }
    expect(hexOf(derived(words(hchacha20.keyHex), words(hchacha20.nonce16Hex)))).toBe(hchacha20.outHex)

    const token = connectToken(good, 'netcode')
    const sealed = token.slice(61, 61 + 1_024)
    const subkey = derived(words(hexOf(good.privateKey)), words(hexOf(good.nonce.slice(0, 16))))
    const cipher = createDecipheriv(
      'chacha20-poly1305',
      subkey,
      Buffer.concat([Buffer.alloc(4), good.nonce.slice(16)]),
      {
        authTagLength: 16,
      },
    )
    cipher.setAAD(Buffer.from(first.expect.netcode.associatedDataHex, 'hex'), { plaintextLength: 1_008 })
    cipher.setAuthTag(sealed.slice(1_008))
    const opened = Buffer.concat([cipher.update(sealed.slice(0, 1_008)), cipher.final()])
    expect(opened.readBigUInt64LE(0)).toBe(good.clientId)
  })

  it('is read and opened again as it was made, in every dialect', () => {
    const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const port = fc.integer({ min: 1, max: 65_535 })
    const address = fc.oneof(
      fc.tuple(fc.ipV4(), port).map(([host, number]) => `${host}:${number}`),
      fc.tuple(fc.ipV6(), port).map(([host, number]) => `[${host}]:${number}`),
    )
    const addresses = fc.array(address, { minLength: 1, maxLength: 32 })
    const usual = (list: readonly string[]) =>
      list.map((text) =>
        text.startsWith('[')
          ? new URL(`http://${text.replace(/:\d+$/, ':9')}`).hostname + text.slice(text.lastIndexOf(':'))
          : text,
      )
    const drawn = fc.record({
      ...{ privateKey: bytes(32), nonce: bytes(24), clientToServerKey: bytes(32), serverToClientKey: bytes(32) },
      ...{
        protocolId: u64,
        clientId: u64,
        userData: bytes(256),
        timeoutSeconds: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      },
      ...{ createTimestamp: fc.constant(5n), expireTimestamp: fc.bigInt({ min: 5n, max: 2n ** 64n - 1n }) },
      ...{ publicAddresses: addresses, internalAddresses: addresses },
    })
    fc.assert(
      fc.property(drawn, fc.constantFrom(...dialects), (input, dialect) => {
        const token = connectToken(input, dialect)
        const { privateKey, clientId, userData, internalAddresses, publicAddresses, ...open } = input
        expect(readConnectToken(token, dialect)).toEqual({ ...open, publicAddresses: usual(publicAddresses) })
        expect(openConnectToken(token, dialect, privateKey)).toEqual({
          ...{ clientId, userData, internalAddresses: usual(internalAddresses), timeoutSeconds: open.timeoutSeconds },
          ...{ clientToServerKey: open.clientToServerKey, serverToClientKey: open.serverToClientKey },
        })
      }),
      { numRuns: 200 },
    )
  })

  it('is not opened by another key, nor once the protocol, the end or a sealed byte is another', () => {
    const token = connectToken(good, 'netcode')
    expect(() => openConnectToken(token, 'netcode', bytesOf('11'.repeat(32)))).toThrow()
    for (const at of [13, 29, 70, 1_000, 1_084]) {
      const changed = Uint8Array.from(token)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => openConnectToken(changed, 'netcode', good.privateKey), `byte ${at}`).toThrow()
    }
  })

  it('is no token of another dialect', () => {
    const renet = connectToken(good, 'renet')
    expect(() => readConnectToken(renet, 'netcode')).toThrow(/no connect token of the dialect netcode/)
    expect(() => openConnectToken(connectToken(good, 'netcode'), 'lightyear', good.privateKey)).toThrow()
  })

  it('is read no further than it goes', () => {
    const token = connectToken(good, 'renet')
    for (let length = 0; length < token.length; length += 7) {
      expect(() => readConnectToken(token.slice(0, length), 'renet')).toThrow(RangeError)
    }
  })

  it('names the public addresses to the server too, unless told', () => {
    const token = connectToken({ ...good, internalAddresses: undefined, publicAddresses: ['10.1.2.3:9'] }, 'netcode')
    expect(openConnectToken(token, 'netcode', good.privateKey).internalAddresses).toEqual(['10.1.2.3:9'])
  })

  it.each<[string, Partial<ConnectTokenInput>, RegExp]>([
    ['a short key', { privateKey: new Uint8Array(31) }, /privateKey has 32 bytes, not 31/],
    ['a short nonce', { nonce: new Uint8Array(12) }, /nonce has 24 bytes/],
    ['short user data', { userData: new Uint8Array(0) }, /userData has 256 bytes/],
    ['a negative client id', { clientId: -1n }, /clientId/],
    ['a client id of 65 bits', { clientId: 2n ** 64n }, /clientId/],
    ['an end before its beginning', { expireTimestamp: 0n }, /expire before/],
    ['a patience of nothing', { timeoutSeconds: 0 }, /dropped at once/],
    ['a patience below nothing', { timeoutSeconds: -1 }, /timeoutSeconds/],
    ['no address', { publicAddresses: [] }, /1 to 32 public addresses, not 0/],
    ['33 addresses', { internalAddresses: Array(33).fill('127.0.0.1:1') }, /1 to 32 internal addresses, not 33/],
    ['a name', { publicAddresses: ['localhost:40000'] }, /localhost:40000 is no address/],
    ['no port', { publicAddresses: ['127.0.0.1'] }, /is no address/],
    ['port 0', { publicAddresses: ['127.0.0.1:0'] }, /is no address/],
    ['port 65536', { publicAddresses: ['127.0.0.1:65536'] }, /is no address/],
    ['an address of five parts', { publicAddresses: ['127.0.0.1.1:40000'] }, /is no address/],
    ['IPv6 without brackets', { publicAddresses: ['::1:40000'] }, /is no address/],
    ['IPv6 of nine groups', { publicAddresses: ['[1:2:3:4:5:6:7:8:9]:4'] }, /is no address/],
  ])('is refused for %s', (_, wrong, why) => {
    expect(() => connectToken({ ...good, ...wrong }, 'netcode')).toThrow(why)
  })
})
