import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { errorsOf, problemOf } from './option-problems.ts'

/** Every key may be left out; what is left out takes its default. */
export type Partly<T> = T extends readonly unknown[] ? T : T extends object ? { [Key in keyof T]?: Partly<T[Key]> } : T

/** What modes, regions and the like are called. */
export const nameOption = (charactersMax: number) => ({
  pattern: `^[A-Za-z0-9._-]{1,${charactersMax}}$`,
  form: `1 to ${charactersMax} letters, digits, dots, dashes and underscores`,
})

/** What is wrong with a configuration, by place. */
export class ConfigError extends Error {
  constructor(source: string, complaints: string[]) {
    super(`${source} is not a configuration that Muster can run:\n${complaints.map((one) => `  ${one}`).join('\n')}`)
    this.name = 'ConfigError'
  }
}

const complaintsMax = 40

/** Everything that is wrong, gathered before any of it is told. */
export interface Complaints {
  add(place: readonly string[], problem: string): void
  /** Notes something that leaves the rest of what stands there as it should be. */
  addBeside(place: readonly string[], problem: string): void
  /** Whether what stands there has its shape, so that it may be looked at as a whole. */
  isSound(...place: string[]): boolean
  /** Throws all of them, if there are any. */
  refuse(): void
}

export function gatherComplaints(source: string): Complaints {
  const lines = new Set<string>()
  const spoilt: (readonly string[])[] = []
  const addBeside = (place: readonly string[], problem: string) => {
    lines.add(`${place.length === 0 ? 'top level' : place.join('.')}: ${problem}`)
  }
  return {
    addBeside,
    add(place, problem) {
      spoilt.push(place)
      addBeside(place, problem)
    },
    isSound: (...place) => !spoilt.some((one) => one.every((part, at) => at >= place.length || part === place[at])),
    refuse() {
      if (lines.size === 0) return
      const told = [...lines].slice(0, complaintsMax)
      if (lines.size > told.length) told.push(`and ${lines.size - told.length} more`)
      throw new ConfigError(source, told)
    },
  }
}

/** Fills in the defaults and notes what does not fit. What it returns has its type only where the complaints say that it
 *  is sound. */
export function inspectOptions<S extends TSchema>(schema: S, given: unknown, complaints: Complaints): Static<S> {
  const filled = Value.Default(schema, Value.Clone(given))
  const errors = errorsOf(schema, filled)
  for (const error of errors) {
    const problem = problemOf(error, errors, schema, filled, given)
    if (problem === null) continue
    if (problem.beside) complaints.addBeside(problem.place, problem.words)
    else complaints.add(problem.place, problem.words)
  }
  return filled as Static<S>
}

/** Fills in the defaults and refuses what does not fit, naming each place and the reason. */
export function readOptions<S extends TSchema>(schema: S, given: unknown, source: string): Static<S> {
  const complaints = gatherComplaints(source)
  const options = inspectOptions(schema, given ?? {}, complaints)
  complaints.refuse()
  return options
}
