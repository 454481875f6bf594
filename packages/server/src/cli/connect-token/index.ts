import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { connectToken, type Dialect, dialects } from '@muster/netcode'
import { defineCommand } from 'citty'
import { CommandRefusal, misuse, type Streams } from '../command.ts'
import { tokenInputIn } from './input.ts'

const details = `FILE is JSON, as in
  {"privateKeyHex": "…32 bytes", "nonceHex": "…24 bytes", "clientToServerKeyHex": "…32 bytes",
   "serverToClientKeyHex": "…32 bytes", "protocolId": "0x1122334455667788", "clientId": "42",
   "createTimestamp": "1700000000", "expireTimestamp": "1700000045", "timeoutSeconds": 5,
   "publicAddresses": ["127.0.0.1:40000"], "internalAddresses": ["127.0.0.1:40000"],
   "userDataHex": "…256 bytes"}
Numbers may be text, decimal or 0x…; beyond 2⁵³ they must be. internalAddresses may be left out.

It is for looking into tokens and for holding other programs to them: players are given theirs by Muster.

  muster connect-token input.json --dialect renet
  muster connect-token - --dialect netcode < input.json | xxd -r -p > token.bin`

/** `muster connect-token`. */
export const connectTokenCommand = Object.assign(
  defineCommand({
    meta: { name: 'connect-token', description: 'Print a netcode connect token as hex' },
    args: {
      file: {
        type: 'positional',
        required: true,
        description: 'What the token is made of, as JSON; - reads standard input',
      },
      dialect: {
        type: 'string',
        default: 'netcode',
        valueHint: dialects.join('|'),
        description: 'Whose form of the token: netcode and yojimbo, renet, or lightyear',
      },
    },
    async run({ args, data }) {
      if (!dialects.includes(args.dialect as Dialect)) {
        throw misuse(`There is no dialect '${args.dialect}'; there are ${dialects.join(', ')}.`)
      }
      const { stdin, stdout } = data as Streams
      const input = tokenInputIn(args.file === '-' ? await text(stdin) : await textOf(args.file))
      try {
        stdout.write(`${Buffer.from(connectToken(input, args.dialect as Dialect)).toString('hex')}\n`)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        throw misuse(error.message)
      }
    },
  }),
  { details },
)

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CommandRefusal(`${file} cannot be read: ${(error as Error).message}`, 2)
  }
}
