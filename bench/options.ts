import { parseArgs } from 'node:util'

type Option = { type: 'boolean'; default?: boolean } | { type: 'string'; default?: string }
type Given<One extends Option> = One extends { type: 'boolean' } ? boolean : string | undefined

/** The options of a benchmark; ends with 2 where somebody typed others. */
export function optionsOf<const Options extends Record<string, Option>>(
  options: Options,
): { [Name in keyof Options]: Given<Options[Name]> } {
  try {
    const values: unknown = parseArgs({ options }).values
    return values as { [Name in keyof Options]: Given<Options[Name]> }
  } catch (error) {
    const names = Object.keys(options).map((name) => `--${name}`)
    console.error(`${(error as Error).message}\nIt takes ${names.join(', ')}.`)
    process.exit(2)
  }
}
