import type { ModuleName } from '../../compose.ts'
import { misuse } from '../command.ts'

/** What can be mounted by itself. */
export const moduleNames = [
  'identity',
  'presence',
  'fleet',
  'sessions',
  'results',
  'matchmaking',
  'profiles',
  'dialects',
] as const satisfies ModuleName[]

export function modulesIn(text: string): ModuleName[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const stranger = names.find((name) => !(moduleNames as readonly string[]).includes(name))
  if (stranger !== undefined) throw misuse(`--only: '${stranger}' is not one of ${moduleNames.join(', ')}.`)
  return names as ModuleName[]
}
