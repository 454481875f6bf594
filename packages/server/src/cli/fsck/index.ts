import { defineCommand } from 'citty'
import { migrations } from '../../compose.ts'
import { loadConfig } from '../../config.ts'
import { missingMigrations } from '../../platform/postgres.ts'
import { CommandRefusal, type Streams } from '../command.ts'
import { openForCommand, refuseWithoutData } from '../command-ground.ts'
import { environmentHelp, machineOf, machineOptions } from '../machine-options.ts'
import { checkSystem } from './check.ts'
import { findingsJson, findingsText } from './shown.ts'

const details = `It reads one moment of the database in a read-only transaction, so it may run beside running servers, and it
changes nothing. What may be under way at that moment is no violation. What is overdue is one only while some node runs:
a system that is stopped may have sessions whose time has come. Ratings are folded anew from all results, which takes
about a second for ten thousand of them. It ends with 0 when every law holds, with 1 when one does not.

ENVIRONMENT

${environmentHelp('data', 'databaseUrl', 'config')}

EXAMPLES

  muster fsck
  DATABASE_URL=postgres://muster:secret@db.example.com/muster muster fsck --json`

/** `muster fsck`: checks the laws over the tables of a live system. */
export const fsckCommand = Object.assign(
  defineCommand({
    meta: { name: 'fsck', description: 'Check that everything in the database fits together, and change nothing' },
    args: {
      json: { type: 'boolean', description: 'Print JSON instead of a table' },
      ...machineOptions('data', 'config'),
    },
    async run({ args, data }) {
      const { stdout } = data as Streams
      const machine = machineOf(args)
      const config = await loadConfig(machine.config || undefined)
      await refuseWithoutData(machine, { secret: false })
      await using ground = await openForCommand(machine)
      const missing = await missingMigrations(ground.kysely, migrations)
      if (missing.length > 0) {
        throw new CommandRefusal(
          `The tables are not those of this version: ${missing.length} changes are missing. See muster migrate.`,
        )
      }
      const findings = await checkSystem(ground.kysely, config)
      stdout.write(args.json ? findingsJson(findings) : findingsText(findings))
      if (findings.violations.length > 0) process.exitCode = 1
    },
  }),
  { details },
)
