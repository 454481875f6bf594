/**
 * The rating systems: Elo, Glicko-2 and OpenSkill behind one small interface. Pure mathematics, held to published
 * examples and to other implementations by `conformance/ratings.json`; nothing here reads a clock, a store or chance.
 */
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { EloOptions, elo } from './elo.ts'
import { Glicko2Options, glicko2 } from './glicko2.ts'
import { OpenSkillOptions, openskill } from './openskill.ts'
import type { RatingSystem } from './system.ts'

export { EloOptions } from './elo.ts'
export { type Game, type Teams, teamSizeMax, teamsMax } from './game.ts'
export { Glicko2Options } from './glicko2.ts'
export { type Glicko2Player, glicko2Period, type PeriodGame, type PeriodRules } from './glicko2-period.ts'
export { OpenSkillOptions } from './openskill.ts'
export { Rating } from './rating.ts'
export type { RatingSystem, RatingSystemName } from './system.ts'

/**
 * The system of a queue and its parameters, for the queue's configuration. Each parameter has a default: a configuration
 * need name only the system and what it changes.
 */
export const RatingOptions = Type.Union([EloOptions, Glicko2Options, OpenSkillOptions])
export type RatingOptions = Static<typeof RatingOptions>

type Given<Options extends { system: string }> = Pick<Options, 'system'> & Partial<Options>
export type GivenRatingOptions = Given<EloOptions> | Given<Glicko2Options> | Given<OpenSkillOptions>

export const optionsOf = { elo: EloOptions, glicko2: Glicko2Options, openskill: OpenSkillOptions }

/** The options with every default filled in. Throws a RangeError that names each option that does not fit. */
export function completeRatingOptions(given: GivenRatingOptions): RatingOptions {
  if (!Object.hasOwn(optionsOf, given.system)) {
    throw new RangeError(`system: '${given.system}' is not one of ${Object.keys(optionsOf).join(', ')}`)
  }
  const schema = optionsOf[given.system]
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const complete = Value.Default(schema, stated)
  if (Value.Check(schema, complete)) return complete as RatingOptions
  const known = Object.keys(schema.properties)
  const strangers = Object.keys(stated).filter((name) => !known.includes(name))
  const reasons = [
    ...strangers.map((name) => `${name}: ${given.system} has no such option; it has ${known.slice(1).join(', ')}`),
    ...Value.Errors(schema, complete)
      .map(({ instancePath, message }) => ({ name: instancePath.slice(1), message }))
      .filter(({ name }) => name !== '' && !strangers.includes(name))
      .map(({ name, message }) => `${name}: ${message}`),
  ]
  throw new RangeError(reasons.join('; '))
}

/** The system that the options name, with their parameters. */
export function ratingSystem(given: GivenRatingOptions): RatingSystem {
  const complete = completeRatingOptions(given)
  switch (complete.system) {
    case 'elo':
      return elo(complete)
    case 'glicko2':
      return glicko2(complete)
    case 'openskill':
      return openskill(complete)
  }
}
