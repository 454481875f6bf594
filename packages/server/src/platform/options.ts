import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'

/** Every key may be left out; what is left out takes its default. */
export type Partly<T> = T extends readonly unknown[] ? T : T extends object ? { [Key in keyof T]?: Partly<T[Key]> } : T

/** What is wrong with a configuration, by place. */
export class ConfigError extends Error {
  constructor(source: string, complaints: string[]) {
    super(`${source} is not a configuration that Muster can run:\n${complaints.map((one) => `  ${one}`).join('\n')}`)
    this.name = 'ConfigError'
  }
}

const complaintsMax = 20

/** Fills in the defaults and refuses what does not fit, naming each place and the reason. */
export function readOptions<S extends TSchema>(schema: S, given: unknown, source: string): Static<S> {
  const filled = Value.Default(schema, Value.Clone(given ?? {}))
  const complaints = new Set<string>()
  for (const error of Value.Errors(schema, filled)) {
    const place = error.instancePath.split('/').filter(Boolean).join('.') || '(the whole)'
    const { additionalProperties, requiredProperties } = error.params as {
      additionalProperties?: string[]
      requiredProperties?: string[]
    }
    if (error.keyword === 'boolean') continue
    if (additionalProperties !== undefined)
      complaints.add(`${place}: no such option: ${additionalProperties.join(', ')}`)
    else if (requiredProperties !== undefined) complaints.add(`${place}: missing: ${requiredProperties.join(', ')}`)
    else complaints.add(`${place}: ${error.message}${shown(Value.Pointer.Get(filled, error.instancePath))}`)
  }
  if (complaints.size > 0) throw new ConfigError(source, [...complaints].slice(0, complaintsMax))
  return filled as Static<S>
}

const shown = (value: unknown): string =>
  value === undefined || typeof value === 'object' ? '' : `, but is ${JSON.stringify(value)}`
