import { stripVTControlCharacters } from 'node:util'
import { renderUsage } from 'citty'
import type { Command } from './command.ts'

/** What --help prints: citty's usage, and the command's own details below it. `path` is how the command is called. */
export async function usageOf(command: Command, path: readonly string[], colours: boolean): Promise<string> {
  const { name: _, ...meta } = (await resolved(command.meta)) ?? {}
  // citty names a command by its parent alone; this way it is named by the whole path.
  const called = { ...command, meta: { ...meta, name: path.at(-1) ?? '' } }
  const parents = path.slice(0, -1)
  const usage = await renderUsage(called, parents.length > 0 ? { meta: { name: parents.join(' ') } } : undefined)
  const text = `${usage.trimEnd()}\n${command.details === undefined ? '' : `\n${command.details.trimEnd()}\n`}`
  return colours ? text : stripVTControlCharacters(text)
}

const resolved = async <T>(value: T | Promise<T> | (() => T | Promise<T>) | undefined): Promise<T | undefined> =>
  typeof value === 'function' ? await (value as () => T | Promise<T>)() : value
