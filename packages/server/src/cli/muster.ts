import { defineCommand } from 'citty'
import { version } from '../main.ts'
import type { Command } from './command.ts'

const details = `muster serve starts it, and says where to go; muster demo shows it at work. It ends with 0 when all went well, 1 when
something failed, 2 when what was typed cannot be run.`

/** `muster`: everything that can be typed. A command is loaded when it is asked for: rating a file needs no server. */
export const muster = Object.assign(
  defineCommand({
    meta: { name: 'muster', version, description: 'The backend of a multiplayer game' },
    subCommands: {
      serve: async () => (await import('./serve/index.ts')).serveCommand,
      demo: async () => (await import('./demo/index.ts')).demoCommand,
      keys: async () => (await import('./keys/index.ts')).keysCommand,
      migrate: async () => (await import('./migrate.ts')).migrateCommand,
      fsck: async () => (await import('./fsck/index.ts')).fsckCommand,
      'connect-token': async () => (await import('./connect-token/index.ts')).connectTokenCommand,
      rate: async () => (await import('./rate/index.ts')).rateCommand,
    },
  }),
  { details },
) as Command
