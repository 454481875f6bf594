import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { BadInput } from './bad-input.ts'
import { askedOf } from './game/asked.ts'
import { rateGame } from './game/rate-game.ts'
import { completed, parametersOf, systemNameOf } from './parameters.ts'
import { rateFile } from './rate-file.ts'

/** What the command was given, as it was typed. */
export interface RateArguments {
  readonly file?: string
  readonly system?: string
  readonly game?: string
  readonly with?: string
  readonly top?: string
  readonly json?: boolean
  /** Everything that stands for itself, the file first. */
  readonly _?: readonly string[]
}

const known: readonly string[] = [
  'file',
  'system',
  'game',
  'with',
  'top',
  'json',
  '_',
] satisfies (keyof RateArguments)[]

export interface Streams {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable & { isTTY?: boolean }
}

/** Runs `muster rate` and returns its exit code: 0, or 2 for input that cannot be used, which is then explained. */
export async function runRate(given: RateArguments, streams: Streams): Promise<0 | 2> {
  try {
    await rate(given, streams)
    return 0
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    streams.stderr.write(`muster rate: ${error.message}\n`)
    return 2
  }
}

async function rate(given: RateArguments, streams: Streams): Promise<void> {
  assertKnown(given)
  const system = given.system === undefined ? undefined : systemNameOf(given.system, '--system')
  const parameters = parametersOf(given.with ?? '')
  if (given.game !== undefined) {
    if (given.file !== undefined) throw new BadInput('a file and --game: only one of them can be given')
    const json = given.game === '-' ? await text(streams.stdin) : given.game
    streams.stdout.write(`${JSON.stringify(answerOf(json), null, 2)}\n`)
    return
  }
  if (given.file === undefined) {
    throw new BadInput('name a file of results (- for standard input), or one game with --game; see --help')
  }
  const options = completed(system ?? 'glicko2', parameters)
  await rateFile(given.file, { options, top: topOf(given.top), json: given.json ?? false }, streams)

  function answerOf(json: string) {
    try {
      return rateGame(askedOf(json, { system, parameters }))
    } catch (error) {
      throw error instanceof BadInput ? new BadInput(`--game: ${error.message}`) : error
    }
  }
}

function topOf(top: string | undefined): number {
  if (top === undefined) return Number.POSITIVE_INFINITY
  if (/^[1-9]\d*$/.test(top)) return Number(top)
  throw new BadInput(`--top: '${top}' is not a whole number of 1 or more`)
}

/** citty passes over what it does not know; a mistyped option would silently rate something else. */
function assertKnown(given: RateArguments): void {
  const stranger = Object.keys(given).find((name) => !known.includes(name))
  if (stranger !== undefined) throw new BadInput(`--${stranger}: there is no such option; see --help`)
  const spare = given._?.[1]
  if (spare !== undefined) throw new BadInput(`'${spare}': only one file can be given`)
}
