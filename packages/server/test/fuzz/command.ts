import { parseArgs } from 'node:util'
import { everyContract } from '../support/every-contract.ts'
import { callsMissed, fuzz } from './run.ts'

/** `npm run fuzz -- --requests 1000000 --seed 1` */
const { values } = parseArgs({
  options: { requests: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const requests = Number(values.requests)
const seed = Number(values.seed)
if (!Number.isInteger(requests) || requests < 1 || !Number.isInteger(seed)) {
  console.error('--requests and --seed take whole numbers.')
  process.exit(2)
}
/** Memory may grow by so much over what a warm process takes: caches fill to their limits. */
const growthMaxMiB = 256

const begun = performance.now()
const report = await fuzz({ requests, seed, say: console.log })
const { afterWarmUp, most, last } = report.rssMiB
const minutes = ((performance.now() - begun) / 60_000).toFixed(1)
console.log(`${report.requests} requests and ${report.frames} frames in ${minutes} min, seed ${seed}`)
console.log(
  `Answered: ${Object.entries(report.statuses)
    .sort()
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ')}`,
)
console.log(`Memory: ${afterWarmUp} MiB warm, ${most} at most, ${last} at the end`)
const missed = callsMissed(report, everyContract)
if (requests >= 50_000) report.complaints.push(...missed.map((one) => `${one} was never answered well`))
if (most > afterWarmUp + growthMaxMiB) report.complaints.push(`Memory grew by more than ${growthMaxMiB} MiB.`)
console.log(report.complaints.length === 0 ? 'Nothing broke.' : `${report.complaints.length} complaints:`)
for (const one of report.complaints.slice(0, 50)) console.log(`  ${one}`)
process.exitCode = report.complaints.length === 0 ? 0 : 1
