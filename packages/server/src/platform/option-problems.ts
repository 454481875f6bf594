import type { TSchema } from 'typebox'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'

/** What typebox says of one thing that does not fit. */
interface SchemaError {
  keyword: string
  schemaPath: string
  instancePath: string
  params: object
  message: string
}

interface Told {
  place: string[]
  words: string
  /** The rest of what stands there is as it should be. */
  beside: boolean
}

interface SchemaPart {
  items?: unknown
  anyOf?: { const?: unknown; type?: string }[]
  description?: string
  /** What its pattern asks for, in words that follow "must be". */
  form?: string
  /** What it holds is shown to nobody, as JSON Schema means it. */
  writeOnly?: boolean
}

const errorsMax = 1_000

/** Everything that does not fit; typebox would stop after eight. */
export function errorsOf(schema: TSchema, value: unknown): SchemaError[] {
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: errorsMax })
  try {
    return [...Value.Errors(schema, value)]
  } finally {
    Settings.Set({ maxErrors })
  }
}

/** One error in words for who wrote the configuration; null where another error tells it. */
export function problemOf(
  error: SchemaError,
  errors: readonly SchemaError[],
  schema: object,
  filled: unknown,
  given: unknown,
): Told | null {
  const at = (words: string, pointer = error.instancePath, beside = false): Told => ({
    ...{ place: placeOf(pointer), words, beside },
  })
  const partAt = (path: string) => (Value.Pointer.Get(schema, path.slice(1)) ?? {}) as SchemaPart
  const { additionalProperties, requiredProperties } = error.params as {
    additionalProperties?: string[]
    requiredProperties?: string[]
  }

  const list = listAround(error)
  if (list !== null && Array.isArray(partAt(list.schemaPath).items)) {
    const found = Value.Pointer.Get(given, list.instancePath)
    const { items, description = '' } = partAt(list.schemaPath) as { items: { type?: string }[]; description?: string }
    if (Array.isArray(found) && found.length !== items.length) {
      const kind = items.every(({ type }) => type === 'integer' || type === 'number') ? 'numbers' : 'items'
      const words = `must be ${items.length} ${kind}${within(description)}, but has ${found.length}`
      return at(words, list.instancePath)
    }
  }
  if (error.keyword === 'boolean') return null
  if (errors.some((one) => one.keyword === 'anyOf' && error.schemaPath.startsWith(`${one.schemaPath}/anyOf/`))) {
    return null
  }
  if (additionalProperties !== undefined) {
    return at(`no such option: ${additionalProperties.join(', ')}`, error.instancePath, true)
  }
  if (requiredProperties !== undefined) return at(`missing: ${requiredProperties.join(', ')}`)
  // What is too short, or no text at all, misses the pattern, too.
  const isTwin = (one: SchemaError) => one.schemaPath === error.schemaPath && one.instancePath === error.instancePath
  if (error.keyword === 'pattern' && errors.some((one) => one.keyword !== 'pattern' && isTwin(one))) return null
  const part = partAt(error.schemaPath)
  const wish = wishOf(error, part)
  return at(part.writeOnly === true ? wish : `${wish}${shown(Value.Pointer.Get(filled, error.instancePath))}`)
}

function wishOf({ keyword, message }: SchemaError, part: SchemaPart): string {
  if ((keyword === 'pattern' || keyword === 'anyOf') && part.form !== undefined) return `must be ${part.form}`
  return keyword === 'anyOf' ? oneOf(part) : message
}

const placeOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))

/** The list that an error is about, or whose member it is about. */
function listAround({ schemaPath, instancePath, keyword }: SchemaError) {
  const around = { instancePath: instancePath.replace(/\/\d+$/, '') }
  if (/\/items\/\d+$/.test(schemaPath)) return { ...around, schemaPath: schemaPath.replace(/\/items\/\d+$/, '') }
  if (/\/additionalItems$/.test(schemaPath))
    return { ...around, schemaPath: schemaPath.replace(/\/additionalItems$/, '') }
  return keyword === 'minItems' ? { schemaPath, instancePath } : null
}

function oneOf({ anyOf = [] }: SchemaPart): string {
  if (anyOf.every((one) => one.const !== undefined)) return `must be one of ${anyOf.map((one) => one.const).join(', ')}`
  return `must be ${[...new Set(anyOf.map(({ type }) => type))].join(' or ')}`
}

const within = (description: string): string => (description === '' ? '' : ` (${description})`)

const shown = (value: unknown): string =>
  value === undefined || typeof value === 'object' ? '' : `, but is ${JSON.stringify(value)}`
