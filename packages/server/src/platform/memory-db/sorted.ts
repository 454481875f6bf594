/** Where a row stands in an order: compared part by part, and a shorter place comes before all that begin with it. Parts
 *  at the same depth are of the same type. */
export type Place = readonly (number | string)[]

export function comparePlaces(one: Place, other: Place): number {
  const shared = Math.min(one.length, other.length)
  for (let at = 0; at < shared; at++) {
    const a = one[at] as number | string
    const b = other[at] as number | string
    if (a < b) return -1
    if (a > b) return 1
  }
  return one.length - other.length
}

interface Entry<Row> {
  place: Place
  row: Row
}

/** Where an entry is, or would be: in which chunk, and where in it. */
interface Spot {
  chunk: number
  at: number
}

const entriesMax = 512

/** Rows in an order, so that the first few need no look at all the others. Each has a place of its own. They are kept in
 *  chunks, so that one more among many moves only a few. */
export class SortedRows<Row> {
  /** None is empty. */
  readonly #chunks: Entry<Row>[][] = []
  readonly #placeOf: (row: Row) => Place | null
  readonly #chunkMax: number

  constructor(placeOf: (row: Row) => Place | null, chunkMax = entriesMax) {
    this.#placeOf = placeOf
    this.#chunkMax = chunkMax
  }

  replace(before: Row | null, after: Row | null): void {
    const from = before === null ? null : this.#placeOf(before)
    const to = after === null ? null : this.#placeOf(after)
    if (from !== null && to !== null && comparePlaces(from, to) === 0) {
      ;(this.#entryAt(this.#spotOf(from)) as Entry<Row>).row = after as Row
      return
    }
    if (from !== null) this.#remove(this.#spotOf(from))
    if (to !== null) this.#add({ place: to, row: after as Row })
  }

  *after(place: Place): Iterable<Row> {
    let { chunk, at } = this.#spotOf(place)
    const there = this.#entryAt({ chunk, at })
    if (there !== undefined && comparePlaces(there.place, place) === 0) at++
    for (; chunk < this.#chunks.length; chunk++, at = 0) {
      const entries = this.#chunks[chunk] as Entry<Row>[]
      for (; at < entries.length; at++) yield (entries[at] as Entry<Row>).row
    }
  }

  *before(place: Place | null): Iterable<Row> {
    const end = place === null ? { chunk: this.#chunks.length, at: 0 } : this.#spotOf(place)
    for (let { chunk } = end; chunk >= 0; chunk--) {
      const entries = this.#chunks[chunk] ?? []
      for (let at = chunk === end.chunk ? end.at : entries.length; at > 0; at--)
        yield (entries[at - 1] as Entry<Row>).row
    }
  }

  #entryAt({ chunk, at }: Spot): Entry<Row> | undefined {
    return this.#chunks[chunk]?.[at]
  }

  #add(entry: Entry<Row>): void {
    let { chunk, at } = this.#spotOf(entry.place)
    const there = this.#entryAt({ chunk, at })
    if (there !== undefined && comparePlaces(there.place, entry.place) === 0) {
      throw new Error(`Two rows stand at ${entry.place.join(' ')}.`)
    }
    // What comes behind all others goes on in the last chunk.
    if (chunk === this.#chunks.length && chunk > 0) at = this.#chunks[--chunk]?.length ?? 0
    const entries = this.#chunks[chunk]
    if (entries === undefined) {
      this.#chunks.push([entry])
      return
    }
    entries.splice(at, 0, entry)
    if (entries.length > this.#chunkMax) this.#chunks.splice(chunk + 1, 0, entries.splice(this.#chunkMax / 2))
  }

  #remove({ chunk, at }: Spot): void {
    const entries = this.#chunks[chunk] as Entry<Row>[]
    entries.splice(at, 1)
    if (entries.length === 0) this.#chunks.splice(chunk, 1)
  }

  /** Of the first entry that does not stand before this place; behind the last chunk where there is none. */
  #spotOf(place: Place): Spot {
    const isBehind = (entry: Entry<Row> | undefined) => comparePlaces((entry as Entry<Row>).place, place) < 0
    const chunk = firstNot(this.#chunks.length, (index) => isBehind(this.#chunks[index]?.at(-1)))
    const entries = this.#chunks[chunk] ?? []
    return { chunk, at: firstNot(entries.length, (index) => isBehind(entries[index])) }
  }
}

/** Of so many, the first for which this does not hold; it holds for all before that one. */
function firstNot(count: number, holds: (index: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low
}
