import type { StringArgDef } from 'citty'
import { type Machine, type MachineSetting, machineSettings, readMachine } from '../config.ts'
import { ConfigError } from '../platform/options.ts'
import { misuse } from './command.ts'

/** Options that stand for environment variables. What holds a password has none: others on the machine see command lines. */
const flagged = {
  data: { name: 'data', hint: 'FOLDER' },
  host: { name: 'host', hint: 'ADDRESS' },
  port: { name: 'port', hint: 'N' },
  publicUrl: { name: 'public-url', hint: 'URL' },
  config: { name: 'config', hint: 'FILE' },
  logLevel: { name: 'log-level', hint: 'LEVEL' },
  logFormat: { name: 'log-format', hint: 'json|pretty' },
} as const satisfies Partial<Record<MachineSetting, { name: string; hint: string }>>
type Flagged = keyof typeof flagged

/** The options of a command for these settings. */
export function machineOptions(...settings: Flagged[]): Record<string, StringArgDef> {
  return Object.fromEntries(
    settings.map((setting) => {
      const { name, hint } = flagged[setting]
      const { env, help } = machineSettings[setting]
      return [name, { type: 'string', valueHint: hint, description: `${help} (${env})` }]
    }),
  )
}

/** This machine as the environment and the command's options say. What an option says wrongly is told by its name. */
export function machineOf(args: Record<string, unknown>): Machine {
  const flags: Partial<Record<MachineSetting, string>> = {}
  for (const [setting, { name }] of Object.entries(flagged)) {
    const given = args[name]
    if (typeof given !== 'string') continue
    flags[setting as MachineSetting] = given
    refuseWrong(setting as Flagged, given)
  }
  return readMachine(flags)
}

/** By itself, beside an environment that says nothing, only the option can be wrong. */
function refuseWrong(setting: Flagged, given: string): void {
  try {
    readMachine({ [setting]: given }, {})
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const [, complaint = error.message] = error.message.split(`  ${machineSettings[setting].env}: `)
    throw misuse(`--${flagged[setting].name} ${complaint}.`)
  }
}

/** The environment variables, for --help. */
export function environmentHelp(...settings: MachineSetting[]): string {
  const rows = settings.map((setting) => {
    const { env, default: usual, help } = machineSettings[setting]
    return [env, `${help}${usual === '' ? '' : ` (${usual})`}`] as const
  })
  const width = Math.max(...rows.map(([env]) => env.length))
  return rows.map(([env, help]) => `  ${env.padEnd(width)}  ${help}`).join('\n')
}
