import { runTool } from '../support/tool-options.ts'
import { killAndLook, told } from './rounds.ts'

const help = `npm run durability -- [--rounds N] [--seed S]

Kills Muster, and now and then its PostgreSQL with it, while many write, and looks after each start whether everything
that was acknowledged is there.
  --rounds N  how many times (100)
  --seed S    draws when and whom (1)
`

await runTool(help, { rounds: '100', seed: '1' }, async (options) => {
  const rounds = options.whole('rounds', 1, 10_000)
  const seed = options.whole('seed', 0, Number.MAX_SAFE_INTEGER)
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
})
