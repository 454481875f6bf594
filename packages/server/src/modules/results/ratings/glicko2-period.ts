/**
 * One rating period of one player, exactly as in Mark E. Glickman, "Example of the Glicko-2 system" (2013 revision,
 * glicko.net/glicko/glicko2.pdf); the step numbers below are the paper's.
 */
export interface Glicko2Player {
  readonly value: number
  readonly deviation: number
  readonly volatility: number
}

export interface PeriodGame {
  /** The opponent's rating and deviation as they stood when the period began. */
  readonly value: number
  readonly deviation: number
  readonly score: number
  /** How many games' worth of evidence this result is; 1 unless it is one pair of a larger field. */
  readonly weight?: number
}

export interface PeriodRules {
  readonly tau: number
  /** A newcomer's: nobody is held to be less certain than he. */
  readonly deviationMax: number
  readonly volatilityMax: number
  /** How much of a whole period has gone by: the uncertainty that time adds in step 6 is multiplied by it. */
  readonly share?: number
}

/** Points of the Glicko scale to one unit of the Glicko-2 scale: 400 / ln 10, with the digits the paper prints. */
export const glicko2Scale = 173.7178

/** 4,000 rating points. Farther apart the variance below overflows, and nobody's results could tell the difference. */
const logitMax = 23

/** Volatilities at or near zero have no usable logarithm. */
const volatilityMin = 1e-6

export function glicko2Period(player: Glicko2Player, games: readonly PeriodGame[], rules: PeriodRules): Glicko2Player {
  const phi = Math.min(player.deviation, rules.deviationMax) / glicko2Scale
  const sigma = Math.min(rules.volatilityMax, Math.max(volatilityMin, player.volatility))
  const share = rules.share ?? 1

  // Steps 3 and 4: the information in the games, and how far their scores lie above what was expected.
  let information = 0
  let surprise = 0
  for (const { value, deviation, score, weight = 1 } of games) {
    const g = attenuation(deviation / glicko2Scale)
    const expected = expectedScore(player.value - value, g)
    information += weight * g * g * expected * (1 - expected)
    surprise += weight * g * (score - expected)
  }

  const newSigma = games.length === 0 ? sigma : newVolatility(phi, sigma, information, surprise, rules)
  // Step 6. The cap is the first Glicko's: time adds nothing to a newcomer's deviation, which is the largest there is.
  const phiStar = Math.min(rules.deviationMax / glicko2Scale, Math.sqrt(phi * phi + share * newSigma * newSigma))
  // Step 7, written so that no games (information 0) and complete certainty (phi 0) need no case of their own.
  const newPhiSquared = (phiStar * phiStar) / (1 + phiStar * phiStar * information)
  return {
    value: player.value + glicko2Scale * newPhiSquared * surprise,
    deviation: glicko2Scale * Math.sqrt(newPhiSquared),
    volatility: newSigma,
  }
}

/** The paper's g: how much an opponent's own uncertainty dampens what a result against him says. */
export function attenuation(phi: number): number {
  return 1 / Math.sqrt(1 + (3 * phi * phi) / (Math.PI * Math.PI))
}

/** The paper's E, for a player who is `difference` points stronger than his opponent. */
export function expectedScore(difference: number, g: number): number {
  const logit = Math.min(logitMax, Math.max(-logitMax, (g * difference) / glicko2Scale))
  return 1 / (1 + Math.exp(-logit))
}

/**
 * Step 5: the root of f by the Illinois algorithm, searched no farther than the largest volatility allowed. After an
 * upset against all odds f has a second root, thousands of times too large, which an open search may hit.
 */
function newVolatility(phi: number, sigma: number, information: number, surprise: number, rules: PeriodRules): number {
  const variance = 1 / information
  const improvement = variance * surprise
  const { tau } = rules
  const start = Math.log(sigma * sigma)
  const f = (x: number) => {
    const squared = Math.exp(x)
    const spread = phi * phi + variance + squared
    return (squared * (improvement * improvement - spread)) / (2 * spread * spread) - (x - start) / (tau * tau)
  }

  const end = Math.log(rules.volatilityMax * rules.volatilityMax)
  let a = start
  let b = Math.min(bracketEnd(), end)
  let fOfA = f(a)
  let fOfB = f(b)
  if (b === end && fOfB > 0) return rules.volatilityMax
  for (let step = 0; step < 100 && Math.abs(b - a) > 1e-10; step++) {
    const c = a + ((a - b) * fOfA) / (fOfB - fOfA)
    const fOfC = f(c)
    if (fOfC * fOfB <= 0) {
      a = b
      fOfA = fOfB
    } else {
      fOfA /= 2
    }
    b = c
    fOfB = fOfC
  }
  return Math.min(rules.volatilityMax, Math.max(volatilityMin, Math.exp(a / 2)))

  function bracketEnd(): number {
    const excess = improvement * improvement - phi * phi - variance
    if (excess > 0) return Math.log(excess)
    // f is positive at the first or second step down: its first term is never below -1/2.
    let down = start - tau
    while (f(down) < 0) down -= tau
    return down
  }
}
