import { defineCommand } from 'citty'
import { environmentHelp } from '../machine-options.ts'
import { createCommand } from './create.ts'
import { listCommand } from './list.ts'
import { revokeCommand } from './revoke.ts'

const details = `A key is what a game server, a service of yours or an operator's tool calls Muster with. It has scopes:

  server    registers game servers, and is handed sessions
  service   reads servers, sessions, results and players
  operator  may do everything an operator may

The commands work on the database itself: beside a running Muster, or while none runs; it must have run once. An operator who is signed in can
do the same over HTTP: POST, GET /keys and DELETE /keys/ID.

ENVIRONMENT

${environmentHelp('data', 'databaseUrl', 'secretFile')}

EXAMPLES

  muster keys create --name "EU servers" --scope server
  muster keys list
  muster keys revoke key_06f1a2b3c4`

/** `muster keys`: API keys, from the command line. */
export const keysCommand = Object.assign(
  defineCommand({
    meta: { name: 'keys', description: 'Make, list and revoke API keys' },
    subCommands: { create: createCommand, list: listCommand, revoke: revokeCommand },
  }),
  { details },
)
