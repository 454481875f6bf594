import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { runFolder } from './cluster/folder.ts'
import { reportText } from './report.ts'
import { runChaos } from './run.ts'

const help = `npm run chaos -- --minutes M [--seed N] [--bots N] [--keep]

Three nodes behind a balancer, PostgreSQL, Redis, six game servers and two hundred players, all of them real processes,
and every ten seconds something goes wrong. What was told to players and servers is held against the laws and the tables.
  --minutes M  how long things go wrong (3)
  --seed N     draws the faults; the same seed draws the same ones (by the clock)
  --bots N     how many players (200)
  --keep       leaves the folder with the history and every process's log; it is left anyway where a law was broken

It needs Linux. PostgreSQL and Redis of the distribution are used where they are installed. Ends with 0 when every law
held and the run had something to show, else with 1.
`

function misuse(what: string): never {
  process.stderr.write(`${what}\n\n${help}`)
  process.exit(2)
}

function given() {
  try {
    return parseArgs({
      options: {
        minutes: { type: 'string', default: '3' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        bots: { type: 'string', default: '200' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    return misuse((error as Error).message)
  }
}
const values = given()

function numberOf(name: 'minutes' | 'seed' | 'bots', min: number, max: number): number {
  const value = Number(values[name])
  return value >= min && value <= max ? value : misuse(`--${name} must be a number from ${min} to ${max}.`)
}

if (values.help) {
  process.stdout.write(help)
  process.exit(0)
}
if (process.platform !== 'linux') misuse('This needs Linux: it reads /proc to find what to hurt, and what to end.')
const options = {
  minutes: numberOf('minutes', 0.2, 24 * 60),
  seed: Math.floor(numberOf('seed', 0, 2 ** 32 - 1)),
  bots: Math.floor(numberOf('bots', 2, 2_000)),
  say: (line: string) => void process.stdout.write(`${line}\n`),
}

const run = await runFolder()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    process.stdout.write('Ending everything.\n')
    void run.end(values.keep).finally(() => process.exit(128 + constants.signals[name]))
  })
}

let good = false
try {
  process.stdout.write(`Seed ${options.seed}; everything is kept in ${run.path} meanwhile.\n`)
  const report = await runChaos(run, options)
  good = report.violations.length === 0 && report.shortcomings.length === 0
  process.stdout.write(`\n${reportText(report)}`)
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`)
}
const keep = values.keep || !good
await run.end(keep)
if (keep) process.stdout.write(`The history and the logs are in ${run.path}.\n`)
process.exit(good ? 0 : 1)
