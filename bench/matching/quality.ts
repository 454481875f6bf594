import { optionsOf } from '../options.ts'
import { printTable, type Row, writeResults } from '../report.ts'
import { compareWithExact } from './exact.ts'
import { engine, greedy, waves } from './policies.ts'
import { type Load, type Outcome, type Policy, type Shape, simulate } from './simulate.ts'

/**
 * How good the pairs are.
 * First, full queues against the exact optimum. Then queues that live: for each fixed policy, the adaptive window is set
 * so that players wait no longer on the mean than under that policy, and the mean gaps are compared.
 */
const options = optionsOf({
  players: { type: 'string' },
  short: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
})
if (options.help) {
  console.log(
    'Usage: npm run bench -- matching-quality [--players 20000] [--short]\nPlayers matched in each simulated queue.',
  )
  process.exit(0)
}
const players = Number(options.players ?? (options.short ? 1_000 : 20_000))
const loads = [0.2, 0.5, 1, 2, 5, 10]
const max = 500
const triesMax = 12

const fixed: [string, () => Policy][] = [
  ['greedy 50 + 10/s', () => greedy(50, 10, max)],
  ['greedy 25 + 5/s', () => greedy(25, 5, max)],
  ['greedy 100 + 20/s', () => greedy(100, 20, max)],
  ['waves of 12 s or 24', () => waves()],
]

const adaptive = (perSecond: number): Policy => engine({ adaptive: true, initial: 50, perSecond, max })

/** The narrowest adaptive window under which players wait no longer: a search between two values of a second. */
function atMeanWait(load: Load, waitS: number): { perSecond: number; outcome: Outcome } {
  let low = 0.02
  let high = 200
  let best = { perSecond: high, outcome: simulate(load, adaptive(high)) }
  for (let tries = 0; tries < triesMax; tries++) {
    const perSecond = Math.sqrt(low * high)
    const outcome = simulate(load, adaptive(perSecond))
    if (outcome.meanWaitS > waitS) low = perSecond
    else {
      high = perSecond
      best = { perSecond, outcome }
      if (outcome.meanWaitS > waitS * 0.995) break
    }
  }
  return best
}

function compare(shape: Shape, name: string, make: () => Policy, arrivalsPerSecond: number): Row {
  const load = { arrivalsPerSecond, players, shape }
  const theirs = simulate(load, make())
  const { perSecond, outcome: ours } = atMeanWait(load, theirs.meanWaitS)
  return {
    ratings: shape,
    policy: name,
    'arrivals/s': arrivalsPerSecond,
    'wait s': theirs.meanWaitS,
    'ours s': ours.meanWaitS,
    gap: theirs.meanGap,
    'ours gap': ours.meanGap,
    'gap ratio': ours.meanGap / theirs.meanGap,
    'p95 gap ratio': ours.p95Gap / theirs.p95Gap,
    'p95 wait ratio': ours.p95WaitS / theirs.p95WaitS,
    'p99 wait ratio': ours.p99WaitS / theirs.p99WaitS,
    'ours per second': perSecond,
  }
}

const exact = compareWithExact()
printTable('Full queues against the exact optimum', exact)

const living: Row[] = []
for (const [name, make] of fixed) for (const load of loads) living.push(compare('normal', name, make, load))
for (const shape of ['even', 'two peaks'] as const) {
  for (const load of [0.2, 1, 10]) living.push(compare(shape, fixed[0]![0], fixed[0]![1], load))
}
printTable('Living queues: the adaptive window at the mean wait of each fixed policy', living)

const oneSetting = loads.map((arrivalsPerSecond): Row => {
  const load: Load = { arrivalsPerSecond, players, shape: 'normal' }
  const ours = simulate(load, adaptive(3))
  const theirs = simulate(load, engine({ initial: 50, perSecond: 10, max }))
  return {
    'arrivals/s': arrivalsPerSecond,
    'adaptive wait s': ours.meanWaitS,
    'adaptive gap': ours.meanGap,
    'adaptive p95 wait': ours.p95WaitS,
    'fixed wait s': theirs.meanWaitS,
    'fixed gap': theirs.meanGap,
    'fixed p95 wait': theirs.p95WaitS,
  }
})
printTable('One setting for every load: adaptive, a second worth 3 points; fixed, 50 + 10/s', oneSetting)
writeResults('matching-quality', { exact, living, oneSetting })
const worst = Math.max(...living.map((row) => Number(row['gap ratio'])))
console.log(
  `Goals: within 1 % of the exact mean gap: ${exact.every((row) => Number(row['apart %']) < 1) ? 'met' : 'missed'};`,
)
console.log(
  `a smaller mean gap at every load: ${worst < 1 ? 'met' : 'missed'} (at worst ${worst.toFixed(3)} of theirs).`,
)
