/**
 * The rating systems: Elo, Glicko-2 and OpenSkill behind one small interface. Pure mathematics, held to published
 * examples and to other implementations by `conformance/ratings.json`; nothing here reads a clock, a store or chance.
 */
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import { EloOptions, elo } from './elo.ts'
import { Glicko2Options, glicko2 } from './glicko2.ts'
import { OpenSkillOptions, openskill } from './openskill.ts'
import type { RatingSystem } from './system.ts'

export { EloOptions } from './elo.ts'
export type { Game, Teams } from './game.ts'
export { Glicko2Options } from './glicko2.ts'
export { type Glicko2Player, glicko2Period, type PeriodGame, type PeriodRules } from './glicko2-period.ts'
export { OpenSkillOptions } from './openskill.ts'
export { Rating } from './rating.ts'
export type { RatingSystem, RatingSystemName } from './system.ts'

/** What a queue's configuration says of its rating: the system, and any of its parameters. */
export const RatingOptions = Type.Union([EloOptions, Glicko2Options, OpenSkillOptions])
export type RatingOptions = Static<typeof RatingOptions>
export type CompleteRatingOptions = Required<EloOptions> | Required<Glicko2Options> | Required<OpenSkillOptions>

export const optionsOf = { elo: EloOptions, glicko2: Glicko2Options, openskill: OpenSkillOptions }

/** The options with every default filled in. Throws a RangeError that names each option that does not fit. */
export function completeRatingOptions(options: RatingOptions): CompleteRatingOptions {
  const schema = optionsOf[options.system]
  if (schema === undefined) {
    throw new RangeError(`system: '${options.system}' is not one of ${Object.keys(optionsOf).join(', ')}`)
  }
  const stated = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const complete = Value.Default(schema, stated)
  if (Value.Check(schema, complete)) return complete as CompleteRatingOptions
  const known = Object.keys(schema.properties)
  const strangers = Object.keys(stated).filter((name) => !known.includes(name))
  const reasons = [
    ...strangers.map((name) => `${name}: ${options.system} has no such option; it has ${known.slice(1).join(', ')}`),
    ...Value.Errors(schema, complete)
      .map(({ instancePath, message }) => ({ name: instancePath.slice(1), message }))
      .filter(({ name }) => name !== '' && !strangers.includes(name))
      .map(({ name, message }) => `${name}: ${message}`),
  ]
  throw new RangeError(reasons.join('; '))
}

/** The system that the options name, with their parameters. */
export function ratingSystem(options: RatingOptions): RatingSystem {
  const complete = completeRatingOptions(options)
  switch (complete.system) {
    case 'elo':
      return elo(complete)
    case 'glicko2':
      return glicko2(complete)
    case 'openskill':
      return openskill(complete)
  }
}
