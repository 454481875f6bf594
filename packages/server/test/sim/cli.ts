import { Misuse, runTool } from '../support/tool-options.ts'
import { bugs } from './bugs.ts'
import { type Report, runWorld } from './world.ts'

const help = `npm run simulate -- --seeds N --hours H [--from S] [--bug NAME]

Runs the core on a simulated clock, N seeds with H hours of faults among them and games of minutes, and checks the laws
at every commit.
  --seeds N   how many runs (20)
  --hours H   simulated hours of faults in all of them together (1)
  --from S    the first seed (1); one run is repeated by --seeds 1 --from S with the same hours for each
  --bug NAME  plants a mistake, which is to be found; --bug list names them
`

const seedsMax = 1_000_000

function show(reports: readonly Report[], spentMs: number): void {
  const sum = (of: (report: Report) => number) => reports.reduce((all, report) => all + of(report), 0)
  const simulatedMs = sum(({ simulatedMs: ms }) => ms)
  const rows: [string, string][] = [
    ['seeds', String(reports.length)],
    ['simulated hours', (simulatedMs / 3_600_000).toFixed(1)],
    ['times real time', (simulatedMs / spentMs).toFixed(0)],
    ['crashes of nodes', String(sum(({ crashes }) => crashes))],
    ['calls', String(sum(({ calls }) => calls))],
    ['commits', String(sum(({ commits }) => commits))],
    ['matches', String(sum(({ matches }) => matches))],
    ['played to the end', String(sum(({ completed }) => completed))],
    ['violations', String(sum(({ violations }) => violations.length))],
  ]
  console.log(rows.map(([name, value]) => `${name.padEnd(18)}${value.padStart(12)}`).join('\n'))
}

await runTool(help, { seeds: '20', hours: '1', from: '1', bug: undefined }, async (options) => {
  const bug = options.text('bug')
  const names = bugs.map(({ name }) => name)
  if (bug === 'list') {
    console.log(names.join('\n'))
    return
  }
  if (bug !== undefined && !names.includes(bug)) throw new Misuse(`--bug: there is none called ${bug}.`)
  const seeds = options.whole('seeds', 1, seedsMax)
  const hours = options.above0('hours')
  const from = options.whole('from', 1, Number.MAX_SAFE_INTEGER - seedsMax)
  const stormMs = (hours * 3_600_000) / seeds
  const reports: Report[] = []
  const begun = performance.now()
  for (let seed = from; seed < from + seeds; seed++) {
    const report = await runWorld({ seed, stormMs, bug, longGames: true })
    reports.push(report)
    for (const violation of report.violations) console.log(`seed ${seed}: ${violation}`)
    if (process.stdout.isTTY) process.stdout.write(`\r${reports.length} of ${seeds} seeds `)
  }
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
  show(reports, performance.now() - begun)
  const idle = reports.every(({ commits }) => commits === 0)
  if (idle) console.log('Nothing was committed, so no law was checked.')
  process.exitCode = idle || reports.some(({ violations }) => violations.length > 0) ? 1 : 0
})
