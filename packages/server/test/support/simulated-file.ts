import type { OpenOutput } from '../../src/modules/fleet/launcher/machine.ts'

const firstBytes = 256

/** A file in memory that is appended to. Whoever has it open keeps it, also when it is removed. */
export class SimulatedFile {
  /** When it was written last. */
  atMs: number
  #bytes: Buffer = Buffer.alloc(0)
  #size = 0

  constructor(atMs: number) {
    this.atMs = atMs
  }

  append(text: string, atMs: number): void {
    const added = Buffer.byteLength(text)
    if (this.#size + added > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(firstBytes, 2 * (this.#size + added)))
      this.#bytes.copy(larger, 0, 0, this.#size)
      this.#bytes = larger
    }
    this.#size += this.#bytes.write(text, this.#size)
    this.atMs = atMs
  }

  text(): string {
    return this.#bytes.toString('utf8', 0, this.#size)
  }

  open(): OpenOutput {
    return {
      size: async () => this.#size,
      read: async (position, bytesMax) =>
        Uint8Array.from(this.#bytes.subarray(position, Math.min(this.#size, position + bytesMax))),
      empty: async () => {
        this.#size = 0
      },
      close: async () => undefined,
    }
  }
}
