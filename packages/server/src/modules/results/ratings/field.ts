/** Below this a chance is treated as this: a product of certainties would otherwise divide by zero. */
const chanceMin = 1e-12

/**
 * Chances of coming first in a field of any size, from the chances of each pair, `beats(i, j)`.
 *
 * If strengths w were known and i beat j with chance w_i / (w_i + w_j), then i would come first among all with chance
 * w_i / (w_1 + ... + w_n) (Luce's choice axiom), which is 1 / (sum over j of P(j beats i) / P(i beats j)). That form
 * needs no strengths, only pairs; for two it returns the pair's own chances unchanged.
 */
export function fieldChances(size: number, beats: (one: number, other: number) => number): number[] {
  if (size === 2) {
    const chance = beats(0, 1)
    return [chance, 1 - chance]
  }
  const weights = Array.from({ length: size }, (_, one) => {
    let oddsAgainst = 1
    for (let other = 0; other < size; other++) {
      if (other === one) continue
      const chance = Math.min(1 - chanceMin, Math.max(chanceMin, beats(one, other)))
      oddsAgainst += (1 - chance) / chance
    }
    return 1 / oddsAgainst
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length
}

export function rootMeanSquare(numbers: readonly number[]): number {
  return Math.sqrt(mean(numbers.map((one) => one * one)))
}
