import { endFamily, processesNaming } from './processes.ts'

/**
 * Ends what a run started once the run itself is gone, however it went: its standard input then ends. It is told the
 * processes as they start, a line each; whatever names the run's folder is of the run, too.
 *
 *   node reaper.js FOLDER
 */
const [folder = ''] = process.argv.slice(2)
let told = ''
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined)
process.stdin.setEncoding('utf8')
process.stdin.on('data', (text: string) => {
  told += text
})
process.stdin.on('end', () => {
  const pids = told.split('\n').filter(Boolean).map(Number)
  // Twice: a node that was ended in the middle of launching a server may have left it behind.
  for (let round = 0; round < 2; round++) endFamily([...pids, ...processesNaming(folder)])
  process.exit(0)
})
