import type { Address } from './addresses.ts'
import type { Layout } from './dialects.ts'

const ipv4Kind = 1
const ipv6Kind = 2

/** Writes numbers and bytes one after the other, in the order of a layout. */
export class Writer {
  readonly bytes: Uint8Array
  readonly #view: DataView
  readonly #layout: Layout
  at = 0

  constructor(length: number, layout: Layout) {
    this.bytes = new Uint8Array(length)
    this.#view = new DataView(this.bytes.buffer)
    this.#layout = layout
  }

  u32(value: number): void {
    this.#view.setUint32(this.at, value, this.#layout.littleEndian)
    this.at += 4
  }

  u64(value: bigint): void {
    this.#view.setBigUint64(this.at, value, this.#layout.littleEndian)
    this.at += 8
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  addresses(list: readonly Address[]): void {
    this.u32(list.length)
    for (const { bytes, port } of list) {
      this.bytes[this.at++] = bytes.length === 4 ? ipv4Kind : ipv6Kind
      if (bytes.length === 4 || this.#layout.ipv6InNetworkOrder) this.raw(bytes)
      else for (let at = 0; at < bytes.length; at += 2) this.#u16(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
      this.#u16(port)
    }
  }

  #u16(value: number): void {
    this.#view.setUint16(this.at, value, this.#layout.littleEndian)
    this.at += 2
  }
}

/** Reads what `Writer` wrote; a RangeError where there are fewer bytes than that. */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #layout: Layout
  at = 0

  constructor(bytes: Uint8Array, layout: Layout) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#layout = layout
  }

  u32(): number {
    this.at += 4
    return this.#view.getUint32(this.at - 4, this.#layout.littleEndian)
  }

  u64(): bigint {
    this.at += 8
    return this.#view.getBigUint64(this.at - 8, this.#layout.littleEndian)
  }

  raw(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new RangeError('The token is shorter than what it says it holds.')
    this.at += length
    return this.#bytes.slice(this.at - length, this.at)
  }

  addresses(most: number): Address[] {
    const count = this.u32()
    if (count < 1 || count > most) throw new RangeError(`A token names 1 to ${most} addresses, not ${count}.`)
    return Array.from({ length: count }, () => {
      const [kind] = this.raw(1)
      if (kind !== ipv4Kind && kind !== ipv6Kind) throw new RangeError(`There is no kind ${kind} of address.`)
      const bytes = this.raw(kind === ipv4Kind ? 4 : 16)
      if (kind === ipv6Kind && !this.#layout.ipv6InNetworkOrder) swapPairs(bytes)
      return { bytes, port: this.#u16() }
    })
  }

  #u16(): number {
    this.at += 2
    return this.#view.getUint16(this.at - 2, this.#layout.littleEndian)
  }
}

function swapPairs(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 2) {
    const [first = 0, second = 0] = bytes.subarray(at, at + 2)
    bytes[at] = second
    bytes[at + 1] = first
  }
}
