import type { ArgDef, ArgsDef } from 'citty'
import { misuse } from './command.ts'
import { nearest } from './nearest.ts'

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const isOption = (definition: ArgDef): boolean => definition.type !== 'positional'
const takesValue = ({ type }: ArgDef): boolean => type === 'string' || type === 'enum'
const aliasesOf = ({ alias }: ArgDef & { alias?: string | string[] }): string[] => [alias ?? []].flat()

/**
 * Refuses what the command does not know, which citty would pass over: options that are none, options without their
 * value, values for switches, and words too many. A mistyped option must not silently do something else.
 */
export function refuseStrangers(words: readonly string[], definitions: ArgsDef): void {
  const options = new Map<string, ArgDef>()
  let placesLeft = 0
  for (const [name, definition] of Object.entries(definitions)) {
    if (!isOption(definition)) placesLeft++
    else for (const known of [name, kebab(name), ...aliasesOf(definition)]) options.set(known, definition)
  }
  const takePlace = (word: string) => {
    if (placesLeft-- <= 0) throw misuse(`'${word}': there is nothing that this word could mean here.`)
  }

  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--') {
      words.slice(at + 1).forEach(takePlace)
      return
    }
    if (!word.startsWith('-') || word === '-') {
      takePlace(word)
      continue
    }
    const [, dashes = '', name = '', value] = /^(--?)([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? []
    const definition = options.get(name) ?? (dashes === '--' ? negated(name, options) : undefined)
    if (definition === undefined || (dashes === '-') !== (name.length === 1)) throw unknown(word, options)
    if (!takesValue(definition)) {
      if (value !== undefined && !['true', 'false'].includes(value)) {
        throw misuse(`${dashes}${name} takes no value, but was given '${value}'.`)
      }
      continue
    }
    if (value !== undefined) continue
    if (at + 1 >= words.length) throw misuse(`${word} needs a value.`)
    at++
  }
}

/** `--no-json` for a switch `json`. */
function negated(name: string, options: Map<string, ArgDef>): ArgDef | undefined {
  const positive = name.startsWith('no-') ? options.get(name.slice(3)) : undefined
  return positive !== undefined && !takesValue(positive) ? positive : undefined
}

function unknown(word: string, options: Map<string, ArgDef>) {
  const typed = (word.split('=')[0] ?? '').replace(/^-+/, '')
  const names = [...options.keys()].filter((name) => name.length > 1 && name === kebab(name))
  const meant = nearest(typed, names)
  return misuse(`--${typed}: there is no such option.${meant === undefined ? '' : ` Did you mean --${meant}?`}`)
}
