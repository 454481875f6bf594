import { everyContract } from '../support/every-contract.ts'
import { runTool } from '../support/tool-options.ts'
import { callsMissed, fuzz } from './run.ts'

const help = `npm run fuzz -- [--requests N] [--seed S]

Sends a Muster process requests and socket frames that are drawn from the contracts and broken in every way. It must not
end, answer with an error of ours or grow.
  --requests N  how many, frames among them (1000000)
  --seed S      draws them (1)
`
/** Memory may grow by so much over what a warm process takes: caches fill to their limits. */
const growthMaxMiB = 256

await runTool(help, { requests: '1000000', seed: '1' }, async (options) => {
  const requests = options.whole('requests', 1, 1_000_000_000)
  const seed = options.whole('seed', 0, Number.MAX_SAFE_INTEGER)
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
})
