import type { Commit } from '../../src/platform/memory-db/index.ts'

/** A number for every change in the order in which they came: two runs with the same one went the same way. */
export class Trace {
  #sum = 0x811c9dc5

  note(atMs: number, { changes }: Commit): void {
    this.#mix(String(atMs))
    for (const { table, key } of changes) {
      this.#mix(table)
      this.#mix(key)
    }
  }

  get hash(): string {
    return (this.#sum >>> 0).toString(16).padStart(8, '0')
  }

  /** FNV-1a. */
  #mix(text: string): void {
    for (let at = 0; at < text.length; at++) {
      this.#sum = Math.imul(this.#sum ^ text.charCodeAt(at), 0x01000193)
    }
  }
}
