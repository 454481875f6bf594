import { identityContracts, type Scope } from '@muster/protocol'
import { defineCommand } from 'citty'
import Value from 'typebox/value'
import { timeText } from '../../platform/clock.ts'
import { misuse, type Streams } from '../command.ts'
import { machineOf, machineOptions } from '../machine-options.ts'
import { openKeys } from './open-keys.ts'
import { keyJson } from './shown.ts'

const scopes: readonly Scope[] = ['server', 'service', 'operator']
const nameLengthMax = 64
const spanMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, y: 31_536_000_000 }

const details = `Standard output is the key and nothing else, so that it can be put where it belongs at once. It is shown this once:
Muster keeps only its hash.

EXAMPLES

  muster keys create --name "EU servers" --scope server
  muster keys create --name statistics --scope service --expires 90d
  MUSTER_API_KEY=$(npx muster keys create --name duels --scope server)`

/** `muster keys create`. */
export const createCommand = Object.assign(
  defineCommand({
    meta: { name: 'create', description: 'Make an API key and show it, once' },
    args: {
      name: { type: 'string', required: true, valueHint: 'NAME', description: 'What the key is for' },
      scope: {
        type: 'string',
        required: true,
        valueHint: 'server|service|operator',
        description: 'What it may do; several with commas between',
      },
      expires: {
        type: 'string',
        valueHint: '90d',
        description: 'When it ends: minutes (m), hours (h), days (d), years (y); within ten years',
      },
      json: { type: 'boolean', description: 'Print everything about the key as JSON' },
      ...machineOptions('data'),
    },
    async run({ args, data }) {
      const { stdout, stderr } = data as Streams
      const name = args.name.trim()
      if (name === '' || name.length > nameLengthMax) throw misuse(`--name takes 1 to ${nameLengthMax} characters.`)
      const wanted = scopesIn(args.scope)
      const lifeMs = args.expires === undefined ? null : lifeIn(args.expires)
      await using keys = await openKeys(machineOf(args))
      const expiresAtMs = lifeMs === null ? null : keys.now() + lifeMs
      const { key, secret } = await keys.createKey({ name, scopes: wanted, expiresAtMs })
      if (args.json) {
        stdout.write(`${JSON.stringify({ ...keyJson(key), secret }, null, 2)}\n`)
        return
      }
      const ends = key.expiresAt === null ? 'It does not expire.' : `It expires at ${timeText(key.expiresAt)}.`
      stderr.write(`${key.id} (${key.name}) may act as ${key.scopes.join(', ')}. ${ends} It is shown this once:\n`)
      stdout.write(`${secret}\n`)
    },
  }),
  { details },
)

function scopesIn(text: string): Scope[] {
  const wanted = [...new Set(text.split(',').map((one) => one.trim()))]
  const stranger = wanted.find((one) => !(scopes as readonly string[]).includes(one))
  if (stranger !== undefined) throw misuse(`--scope: '${stranger}' is not one of ${scopes.join(', ')}.`)
  return wanted as Scope[]
}

function lifeIn(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([mhdy])$/.exec(text) ?? []
  if (count === undefined || unit === undefined)
    throw misuse(`--expires: '${text}' is not of the form 30m, 12h, 90d or 1y.`)
  const lifeMs = Number(count) * (spanMs[unit] ?? 0)
  if (!Value.Check(identityContracts.KeyLifeS, lifeMs / 1_000))
    throw misuse(`--expires: '${text}' is more than ten years.`)
  return lifeMs
}
