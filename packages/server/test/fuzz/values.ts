import type { Draws } from '../support/draws.ts'

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

interface Schema {
  type?: string
  const?: Json
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  patternProperties?: Record<string, Schema>
  items?: Schema
  minItems?: number
  maxItems?: number
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
}

/** Texts that have broken something somewhere. */
export const hostileTexts: readonly string[] = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\u202egnp.exe',
    '𝕏𝕏',
    'İ',
    'ß',
    '\r\nX: y',
    '%00',
    '%2e%2e%2f',
    '../../etc/passwd',
  ],
  ...["'; drop table identity_players; --", "' or 1=1 --", '$(reboot)', '`id`', '{{7*7}}', '<script>', '%s%n'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'null',
    'true',
    'NaN',
    '-0',
    '1e999',
    '0x10',
    'me',
    '*',
  ],
  ...[
    'x'.repeat(300),
    'x'.repeat(5_000),
    '\ud83d\ude00'.repeat(200),
    'a.b'.repeat(40),
    '-'.repeat(64),
    ','.repeat(100),
  ],
]
const hostileNumbers: readonly number[] = [
  ...[0, -0, -1, 1, 1.5, 255, 65_535, 65_536, 2 ** 31, -(2 ** 31), 2 ** 53, 2 ** 63, 1e308, -1e308, 1e-308, 5e-324],
]
const wordsUsual = [
  'a',
  'abc',
  'left',
  'right',
  'game',
  'a-phrase-of-my-own',
  'first',
  'x'.repeat(32),
  'x'.repeat(64),
  '"1"',
  '0',
  'eu=1',
]

/** A value that fits, as far as that can be done without looking hard. Ids are of the things that there are. */
export function fitting(schema: unknown, draws: Draws, ids: readonly string[], depth = 0): Json {
  const it = (schema ?? {}) as Schema
  if (it.const !== undefined) return it.const
  if (it.anyOf !== undefined) return fitting(draws.pick(it.anyOf), draws, ids, depth)
  switch (it.type) {
    case 'null':
      return null
    case 'boolean':
      return draws.percent(50)
    case 'integer':
    case 'number':
      return numberFor(it, draws)
    case 'string':
      return textFor(it, draws, ids)
    case 'array': {
      const most = Math.min(it.maxItems ?? 3, (it.minItems ?? 0) + 3)
      const count = (it.minItems ?? 0) + draws.below(most - (it.minItems ?? 0) + 1)
      return Array.from({ length: count }, () => fitting(it.items, draws, ids, depth + 1))
    }
    case 'object':
      return objectFor(it, draws, ids, depth)
    default:
      return depth > 3 ? null : anything(draws, depth)
  }
}

function numberFor({ minimum = -5, maximum = minimum + 1_000, type }: Schema, draws: Draws): number {
  const value = draws.pick([minimum, maximum, minimum + draws.below(Math.min(maximum - minimum, 1_000) + 1)])
  return type === 'integer' ? Math.trunc(value) : value
}

const wordsByPattern = new WeakMap<readonly string[], Map<string, string[]>>()

/** Which of the words fit a pattern: the same question comes hundreds of thousands of times. */
function knownFor(pattern: string, ids: readonly string[]): string[] {
  const byPattern = wordsByPattern.get(ids) ?? new Map<string, string[]>()
  wordsByPattern.set(ids, byPattern)
  const found = byPattern.get(pattern) ?? [...ids, ...wordsUsual].filter((word) => new RegExp(pattern, 'u').test(word))
  byPattern.set(pattern, found)
  return found
}

function textFor({ pattern, minLength = 0, maxLength = 64 }: Schema, draws: Draws, ids: readonly string[]): string {
  if (pattern === undefined) return 'x'.repeat(draws.pick([minLength, Math.max(minLength, Math.min(maxLength, 12))]))
  const known = knownFor(pattern, ids).filter((word) => word.length >= minLength)
  const noun = /^\^([a-z]+)_/.exec(pattern)?.[1]
  if (noun !== undefined && draws.percent(20)) return `${noun}_${draws.below(10)}`
  return known.length > 0 ? draws.pick(known) : draws.pick(wordsUsual)
}

function objectFor(it: Schema, draws: Draws, ids: readonly string[], depth: number): Json {
  const made: Record<string, Json> = {}
  for (const [name, inner] of Object.entries(it.properties ?? {})) {
    if (it.required?.includes(name) || draws.percent(60)) made[name] = fitting(inner, draws, ids, depth + 1)
  }
  for (const [pattern, inner] of Object.entries(it.patternProperties ?? {})) {
    const count = draws.below(3)
    for (let at = 0; at < count; at++) made[textFor({ pattern }, draws, ids)] = fitting(inner, draws, ids, depth + 1)
  }
  return made
}

export function anything(draws: Draws, depth = 0): Json {
  switch (draws.below(depth > 3 ? 4 : 6)) {
    case 0:
      return draws.pick(hostileTexts)
    case 1:
      return draws.pick(hostileNumbers)
    case 2:
      return draws.percent(50)
    case 3:
      return null
    case 4:
      return Array.from({ length: draws.below(4) }, () => anything(draws, depth + 1))
    default:
      return Object.fromEntries(
        Array.from({ length: draws.below(4) }, () => [draws.pick(hostileTexts), anything(draws, depth + 1)]),
      )
  }
}

/** The same, with one place in it changed: another value, a field more, a field less, another name, far too many. */
export function broken(value: Json, draws: Draws): Json {
  if (typeof value !== 'object' || value === null || draws.percent(25)) return anything(draws)
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, Json>
  const names = Object.keys(copy)
  const name = names.length === 0 ? '0' : draws.pick(names)
  switch (draws.below(7)) {
    case 0:
      delete copy[name]
      return Array.isArray(copy) ? (copy as Json[]).filter(() => true) : copy
    case 1:
      // By hand, for a plain assignment to `__proto__` would change our own list instead of naming it.
      Object.defineProperty(copy, draws.pick(hostileTexts), { value: anything(draws), enumerable: true })
      return copy as Json
    case 2:
      return Array.isArray(copy) ? many(copy[name] ?? null) : { ...copy, [name]: nested(200) }
    default:
      copy[name] = broken(copy[name] ?? null, draws)
      return copy as Json
  }
}

/** Of something small: what is already large would have no end. */
const many = (one: Json): Json => Array.from({ length: 2_000 }, () => (JSON.stringify(one).length < 100 ? one : null))

const nested = (depth: number): Json => {
  let value: Json = 1
  for (let at = 0; at < depth; at++) value = at % 2 === 0 ? [value] : { a: value }
  return value
}

/** What JSON can be written as that no value of ours would be. */
export function brokenText(text: string, draws: Draws): string {
  const at = draws.below(text.length + 1)
  switch (draws.below(6)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return `${text.slice(0, at)}${draws.pick(['\u0000', '}', '"', '\\', ',', '\ufeff', '1e999'])}${text.slice(at)}`
    case 2:
      return text.replace(/:\s*[^,{}[\]]+/, ':1e999')
    case 3:
      return text.replace('{', '{"__proto__":{"operator":true},')
    case 4:
      return '['.repeat(20_000)
    default:
      return text + text
  }
}
