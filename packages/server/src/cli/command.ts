import type { ArgsDef, CommandDef } from 'citty'

/** A command, with what its --help says below the options: environment, shapes, examples. */
export type Command = CommandDef<ArgsDef> & { details?: string }

/** Where a command reads and writes. */
export interface Streams {
  stdin: NodeJS.ReadableStream
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
}

/** What a command cannot do, in words for who typed it. Shown without a stack. */
export class CommandRefusal extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.name = 'CommandRefusal'
    this.exitCode = exitCode
  }
}

/** What was typed is not a command line that can be run. */
export const misuse = (message: string): CommandRefusal => new CommandRefusal(message, 2)
