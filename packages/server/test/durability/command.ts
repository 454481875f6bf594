import { parseArgs } from 'node:util'
import { killAndLook, told } from './rounds.ts'

/** `npm run durability -- --rounds 100 --seed 1` */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
})
const rounds = Number(values.rounds)
const seed = Number(values.seed)
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  console.error('--rounds and --seed take whole numbers.')
  process.exit(2)
}
const begun = performance.now()
const report = await killAndLook({ rounds, seed, say: console.log })
const minutes = ((performance.now() - begun) / 60_000).toFixed(1)
const { muster, both } = report.kills
console.log(
  `${report.rounds} rounds in ${minutes} min: Muster was killed ${muster + both} times, with its PostgreSQL ${both} times.`,
)
console.log(`Acknowledged: ${told(report.acknowledged)}. Missing: ${report.missing.length}.`)
console.log(`The slowest of the ${report.rounds} starts took ${(report.slowestStartMs / 1_000).toFixed(1)} s.`)
for (const one of report.missing.slice(0, 50)) console.log(`  ${one}`)
process.exitCode = report.missing.length === 0 && report.rounds === rounds ? 0 : 1
