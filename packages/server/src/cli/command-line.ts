import { type ArgsDef, runCommand, type SubCommandsDef } from 'citty'
import { type Command, CommandRefusal, misuse, type Streams } from './command.ts'
import { explained } from './explained.ts'
import { nearest } from './nearest.ts'
import { refuseStrangers } from './options.ts'
import { usageOf } from './usage.ts'

/** One word after the other leads to a command; what is left is the command's own. */
interface Called {
  command: Command
  words: string[]
}

/** Runs what was typed, and returns the exit code: 0, what the command says, 1 where it failed, 2 where what was typed
 *  cannot be run. */
export async function runCommandLine(root: Command, typed: readonly string[], streams: Streams): Promise<number> {
  const path = ['muster']
  try {
    return await run(await calledBy(root, path, typed), path, streams, root)
  } catch (error) {
    if (error instanceof CommandRefusal) {
      const more = error.exitCode === 2 ? ` See ${path.join(' ')} --help.` : ''
      streams.stderr.write(`${path.join(' ')}: ${error.message}${more}\n`)
      return error.exitCode
    }
    const words = explained(error)
    streams.stderr.write(words === null ? `${(error as Error)?.stack ?? error}\n` : `${path.join(' ')}: ${words}\n`)
    return 1
  }
}

/** Adds to `path` each word that named a command. */
async function calledBy(root: Command, path: string[], typed: readonly string[]): Promise<Called> {
  // `muster help serve` is what many type.
  const words = typed[0] === 'help' ? [...typed.slice(1), '--help'] : [...typed]
  const called: Called = { command: root, words }
  for (;;) {
    const known = ((await called.command.subCommands) ?? {}) as SubCommandsDef
    const names = Object.keys(known)
    const word = called.words[0]
    if (names.length === 0 || word === undefined || word.startsWith('-')) return called
    if (!names.includes(word)) {
      const meant = nearest(word, names)
      const hint = meant === undefined ? `The commands are ${names.join(', ')}.` : `Did you mean ${meant}?`
      throw misuse(`'${word}': there is no such command. ${hint}`)
    }
    const next = known[word]
    called.command = (await (typeof next === 'function' ? next() : next)) as Command
    path.push(word)
    called.words = called.words.slice(1)
  }
}

async function run(
  { command, words }: Called,
  path: readonly string[],
  streams: Streams,
  root: Command,
): Promise<number> {
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  const isGroup = command.subCommands !== undefined
  const first = own[0]
  if (own.includes('--help') || own.includes('-h') || (command === root && first === undefined)) {
    streams.stdout.write(await usageOf(command, path, streams.stdout.isTTY === true))
    return 0
  }
  // Half a command: a script that forgot the rest must not go on as if something had been done.
  if (isGroup && first === undefined) {
    streams.stderr.write(await usageOf(command, path, streams.stderr.isTTY === true))
    return 2
  }
  if (command === root && (first === '--version' || first === '-v')) {
    const { version } = command.meta as { version: string }
    streams.stdout.write(`${version}\n`)
    return 0
  }
  refuseStrangers(words, (command.args ?? {}) as ArgsDef)
  if (isGroup) throw misuse('name a command.')
  process.exitCode = 0
  try {
    await runCommand(command, { rawArgs: words, data: streams })
  } catch (error) {
    if ((error as Error | null)?.name === 'CLIError') throw misuse(`${(error as Error).message}.`)
    throw error
  }
  return Number(process.exitCode ?? 0)
}
