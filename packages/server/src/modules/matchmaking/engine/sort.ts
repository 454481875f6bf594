const digitBits = 11
const digits = 1 << digitBits
const digitMask = digits - 1
const insertionMax = 48

/** Sorts slots by their rating, in place; equals stay in the order they came. */
export function sortByRating(slots: Int32Array, rating: Float32Array): void {
  if (slots.length <= insertionMax) sortFew(slots, rating)
  else sortMany(slots, rating)
}

function sortFew(slots: Int32Array, rating: Float32Array): void {
  for (let i = 1; i < slots.length; i++) {
    const slot = slots[i]!
    const own = rating[slot]!
    let at = i
    while (at > 0 && rating[slots[at - 1]!]! > own) {
      slots[at] = slots[at - 1]!
      at--
    }
    slots[at] = slot
  }
}

/**
 * Radix sort, eleven bits at a time from the lowest. The bits of a 32-bit float sort as a whole number does once
 * the sign bit is flipped, and for negative numbers all the others too.
 */
function sortMany(slots: Int32Array, rating: Float32Array): void {
  const count = slots.length
  const bits = new Uint32Array(rating.buffer)
  let key = new Uint32Array(count)
  let slot: Int32Array = slots
  let otherKey = new Uint32Array(count)
  let otherSlot: Int32Array = new Int32Array(count)
  const starts = new Uint32Array(3 * digits)
  for (let i = 0; i < count; i++) {
    const own = bits[slots[i]!]!
    const k = own & 0x80000000 ? ~own >>> 0 : (own | 0x80000000) >>> 0
    key[i] = k
    starts[k & digitMask]!++
    starts[digits + ((k >>> digitBits) & digitMask)]!++
    starts[2 * digits + (k >>> (2 * digitBits))]!++
  }
  for (let round = 0; round < 3; round++) {
    const base = round * digits
    let sum = 0
    for (let d = base; d < base + digits; d++) {
      const here = starts[d]!
      starts[d] = sum
      sum += here
    }
    const shift = round * digitBits
    for (let i = 0; i < count; i++) {
      const k = key[i]!
      const to = starts[base + ((k >>> shift) & digitMask)]!++
      otherKey[to] = k
      otherSlot[to] = slot[i]!
    }
    ;[key, otherKey] = [otherKey, key]
    ;[slot, otherSlot] = [otherSlot, slot]
  }
  slots.set(slot)
}
