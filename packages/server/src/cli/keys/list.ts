import { defineCommand } from 'citty'
import { timeText } from '../../platform/clock.ts'
import type { Streams } from '../command.ts'
import { machineOf, machineOptions } from '../machine-options.ts'
import { tableOf } from '../table.ts'
import { openKeys } from './open-keys.ts'
import { keyJson, stateOf } from './shown.ts'

const minute = (at: number | null, otherwise: string): string =>
  at === null ? otherwise : timeText(at).slice(0, 16).replace('T', ' ')

/** `muster keys list`. */
export const listCommand = Object.assign(
  defineCommand({
    meta: { name: 'list', description: 'List API keys, without their secrets' },
    args: { json: { type: 'boolean', description: 'Print JSON instead of a table' }, ...machineOptions('data') },
    async run({ args, data }) {
      const { stdout } = data as Streams
      await using keys = await openKeys(machineOf(args))
      const all = await keys.listKeys()
      if (args.json) {
        stdout.write(`${JSON.stringify({ keys: all.map(keyJson) }, null, 2)}\n`)
        return
      }
      if (all.length === 0) {
        stdout.write('There are no API keys. Make one with `muster keys create`.\n')
        return
      }
      const rows = all.map((key) => [
        ...[key.id, key.name, key.scopes.join(','), stateOf(key, keys.now())],
        ...[minute(key.createdAt, ''), minute(key.expiresAt, 'never'), minute(key.lastUsedAt, 'never')],
      ])
      stdout.write(tableOf(['id', 'name', 'scopes', 'state', 'made (UTC)', 'expires', 'last used'], rows))
    },
  }),
  { details: 'EXAMPLES\n\n  muster keys list\n  muster keys list --json' },
)
