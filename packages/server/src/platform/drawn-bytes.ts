import { randomBytes } from 'node:crypto'

const drawnTogether = 512

/** Chance that nobody can guess, drawn for many at once: asking for a few bytes costs as much as for some thousand. Each
 *  byte is given once. */
export function drawnBytes(): (count: number) => Buffer {
  let drawn = Buffer.alloc(0)
  let used = 0
  return (count) => {
    if (used + count > drawn.length) {
      drawn = randomBytes(drawnTogether * count)
      used = 0
    }
    used += count
    return drawn.subarray(used - count, used)
  }
}
