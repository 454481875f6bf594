import { parseArgs } from 'node:util'

/** What was typed is not what the tool takes. */
export class Misuse extends Error {}

/** The options of a tool, each with a value. */
export interface ToolOptions<Name extends string> {
  text(name: Name): string | undefined
  /** Throws Misuse for what is no whole number within these bounds. */
  whole(name: Name, min: number, max: number): number
  /** Throws Misuse for what is no number above 0. */
  above0(name: Name): number
}

/** Null where help is asked for. Throws Misuse for options that there are not, and for words beside them. */
export function readToolOptions<Name extends string>(
  usual: Readonly<Record<Name, string | undefined>>,
  words: readonly string[],
): ToolOptions<Name> | null {
  const named = Object.entries<string | undefined>(usual).map(
    ([name, value]) => [name, { type: 'string' as const, ...(value === undefined ? {} : { default: value }) }] as const,
  )
  let values: Record<string, string | boolean | undefined>
  try {
    const options = { ...Object.fromEntries(named), help: { type: 'boolean' as const, short: 'h' } }
    values = parseArgs({ options, args: [...words] }).values
  } catch (error) {
    throw new Misuse((error as Error).message)
  }
  if (values.help === true) return null
  const text = (name: Name) => values[name] as string | undefined
  return {
    text,
    whole(name, min, max) {
      const value = Number(text(name))
      if (Number.isSafeInteger(value) && value >= min && value <= max) return value
      throw new Misuse(`--${name} must be a whole number from ${min} to ${max}, but is ${text(name)}.`)
    },
    above0(name) {
      const value = Number(text(name))
      if (Number.isFinite(value) && value > 0) return value
      throw new Misuse(`--${name} must be a number above 0, but is ${text(name)}.`)
    },
  }
}

/** Runs a tool by the words on its command line. It ends with 2, and says how it is used, where it was not understood. */
export async function runTool<Name extends string>(
  help: string,
  usual: Readonly<Record<Name, string | undefined>>,
  run: (options: ToolOptions<Name>) => Promise<void>,
): Promise<void> {
  try {
    const options = readToolOptions(usual, process.argv.slice(2))
    if (options === null) process.stdout.write(help)
    else await run(options)
  } catch (error) {
    if (!(error instanceof Misuse)) throw error
    process.stderr.write(`${error.message}\n\n${help}`)
    process.exitCode = 2
  }
}
