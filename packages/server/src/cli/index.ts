import { runCommandLine } from './command-line.ts'
import { muster } from './muster.ts'

process.exitCode = await runCommandLine(muster, process.argv.slice(2), process)
