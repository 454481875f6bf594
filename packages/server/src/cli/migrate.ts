import { defineCommand } from 'citty'
import { migrations } from '../compose.ts'
import { migrate } from '../platform/postgres.ts'
import type { Streams } from './command.ts'
import { openForCommand } from './command-ground.ts'
import { environmentHelp, machineOf, machineOptions } from './machine-options.ts'

const details = `\`muster serve\` does the same at its start. This command is for those who bring the tables up to date before
they start the servers of a new version. It may run beside running servers, and any number of times.

ENVIRONMENT

${environmentHelp('data', 'databaseUrl', 'secretFile')}

EXAMPLES

  muster migrate
  DATABASE_URL=postgres://muster:secret@db.example.com/muster muster migrate`

/** `muster migrate`: brings the tables up to date. */
export const migrateCommand = Object.assign(
  defineCommand({
    meta: { name: 'migrate', description: "Bring the database's tables up to date" },
    args: machineOptions('data'),
    async run({ args, data }) {
      const { stdout } = data as Streams
      await using ground = await openForCommand(machineOf(args))
      const made = await migrate(ground.kysely, migrations)
      for (const name of made) stdout.write(`${name}\n`)
      stdout.write(made.length === 0 ? 'The tables are up to date.\n' : `${made.length} changes were made.\n`)
    },
  }),
  { details },
)
