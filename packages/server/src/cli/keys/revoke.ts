import { type KeyId, Refusal } from '@muster/protocol'
import { defineCommand } from 'citty'
import { CommandRefusal, misuse, type Streams } from '../command.ts'
import { machineOf, machineOptions } from '../machine-options.ts'
import { openKeys } from './open-keys.ts'

/** `muster keys revoke`. */
export const revokeCommand = Object.assign(
  defineCommand({
    meta: { name: 'revoke', description: 'Revoke an API key, on every node within five seconds' },
    args: {
      id: { type: 'positional', required: true, description: 'The key’s id, as `muster keys list` shows it' },
      ...machineOptions('data'),
    },
    async run({ args, data }) {
      if (!/^key_[0-9a-z]{1,64}$/.test(args.id)) {
        throw misuse(`'${args.id}' is not the id of a key: those begin with key_, and \`muster keys list\` shows them.`)
      }
      await using keys = await openKeys(machineOf(args))
      try {
        await keys.revokeKey(args.id as KeyId)
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'KEY_NOT_FOUND') throw error
        throw new CommandRefusal(`There is no key ${args.id} that could be revoked.`)
      }
      const { stdout } = data as Streams
      stdout.write(`${args.id} is revoked.\n`)
    },
  }),
  { details: 'EXAMPLES\n\n  muster keys revoke key_06f1a2b3c4' },
)
