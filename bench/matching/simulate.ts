import { chanceFrom } from './chance.ts'

/** One who came: in the order of `number`. */
export interface Waiting {
  number: number
  rating: number
  sinceS: number
}

/** Says who of those who wait should play now; asked many times a second. */
export interface Policy {
  /** `came` are those who joined since it was last asked, and are in `pool` already. */
  pairs(pool: Waiting[], came: Waiting[], nowS: number): [Waiting, Waiting][]
}

export interface Outcome {
  meanWaitS: number
  p95WaitS: number
  p99WaitS: number
  meanGap: number
  p95Gap: number
}

export interface Load {
  arrivalsPerSecond: number
  players: number
  shape: Shape
}

export type Shape = 'normal' | 'even' | 'two peaks'

/** The first arrivals meet an empty queue, and are not counted. */
const leftOutPart = 0.15

/** Lets players come at random moments until so many were matched, asking the policy ten times a second. */
export function simulate({ arrivalsPerSecond, players, shape }: Load, policy: Policy): Outcome {
  const chance = chanceFrom(17)
  const waits: number[] = []
  const gaps: number[] = []
  let pool: Waiting[] = []
  let number = 0
  let nextS = chance.pauseS(arrivalsPerSecond)
  for (let tick = 1, matched = 0; matched < players; tick++) {
    const nowS = tick / 10
    const came: Waiting[] = []
    for (; nextS <= nowS; nextS += chance.pauseS(arrivalsPerSecond)) {
      came.push({ number: number++, rating: ratingFrom(chance, shape), sinceS: nextS })
    }
    pool.push(...came)
    const pairs = policy.pairs(pool, came, nowS)
    if (pairs.length === 0) continue
    matched += 2 * pairs.length
    const gone = new Set<Waiting>()
    for (const [a, b] of pairs) {
      gone.add(a).add(b)
      if (Math.min(a.number, b.number) < players * leftOutPart) continue
      waits.push(nowS - a.sinceS, nowS - b.sinceS)
      gaps.push(Math.abs(a.rating - b.rating))
    }
    pool = pool.filter((each) => !gone.has(each))
  }
  waits.sort((a, b) => a - b)
  gaps.sort((a, b) => a - b)
  return {
    meanWaitS: mean(waits),
    p95WaitS: waits[Math.floor(waits.length * 0.95)]!,
    p99WaitS: waits[Math.floor(waits.length * 0.99)]!,
    meanGap: mean(gaps),
    p95Gap: gaps[Math.floor(gaps.length * 0.95)]!,
  }
}

function ratingFrom(chance: ReturnType<typeof chanceFrom>, shape: Shape): number {
  if (shape === 'even') return 1000 + 1000 * chance.fraction()
  if (shape === 'normal') return 1500 + 300 * chance.normal()
  return (chance.fraction() < 0.7 ? 1300 : 2000) + 120 * chance.normal()
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
