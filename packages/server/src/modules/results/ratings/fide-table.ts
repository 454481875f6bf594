/**
 * FIDE's conversion of a rating difference into the stronger player's expected score: FIDE Handbook B02, Rating
 * Regulations, table 8.1.2. Entry i is the largest difference whose expected score is (50 + i) / 100. The table is a normal
 * curve with a standard deviation of 2000/7 points, printed to two digits, as A. Elo computed it.
 */
const differenceUpTo = [
  3, 10, 17, 25, 32, 39, 46, 53, 61, 68, 76, 83, 91, 98, 106, 113, 121, 129, 137, 145, 153, 162, 170, 179, 188, 197,
  206, 215, 225, 235, 245, 256, 267, 278, 290, 302, 315, 328, 344, 357, 374, 391, 411, 432, 456, 484, 517, 559, 619,
  735,
]

const hundredthsMost = 100

/** Expected score of a player who is `difference` points stronger (negative: weaker), to two digits as FIDE has it. */
export function fideExpected(difference: number): number {
  // FIDE's ratings are whole numbers and ours are not, so the difference is rounded before it is looked up.
  const points = Math.round(Math.abs(difference))
  const entry = differenceUpTo.findIndex((upTo) => points <= upTo)
  const stronger = entry === -1 ? hundredthsMost : 50 + entry
  return (difference < 0 ? 100 - stronger : stronger) / 100
}
