import {
  completeRatingOptions,
  type GivenRatingOptions,
  optionsOf,
  type RatingOptions,
  type RatingSystemName,
} from '../../modules/results/ratings/index.ts'
import { BadInput } from './bad-input.ts'

export function systemNameOf(text: unknown, place: string): RatingSystemName {
  if (typeof text === 'string' && Object.hasOwn(optionsOf, text)) return text as RatingSystemName
  throw new BadInput(`${place}: ${JSON.stringify(text)} is not one of ${Object.keys(optionsOf).join(', ')}`)
}

/** What a system can be told, as its configuration names it: `k`, `periodDays` and so on, without `system` itself. */
export function parameterNames(system: RatingSystemName): string[] {
  return Object.keys(optionsOf[system].properties).filter((name) => name !== 'system')
}

/** The configuration's name of a parameter that may be written `period_days` or `period-days` as well. */
export function parameterName(written: string): string {
  return written.replace(/[_-]([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

export function completed(system: RatingSystemName, parameters: Record<string, unknown>): RatingOptions {
  try {
    return completeRatingOptions({ ...parameters, system } as GivenRatingOptions)
  } catch (error) {
    if (error instanceof RangeError) throw new BadInput(error.message)
    throw error
  }
}

/** `--with k=24,expectation=logistic`. */
export function parametersOf(text: string): Record<string, unknown> {
  const parameters: Record<string, unknown> = {}
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [name = '', value = '', ...more] = part.split('=').map((side) => side.trim())
    if (name === '' || value === '' || more.length > 0) {
      throw new BadInput(`--with: '${part}' is not of the form name=value, as in --with k=24`)
    }
    parameters[parameterName(name)] = parameterValue(value)
  }
  return parameters
}

function parameterValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  const number = Number(text)
  return Number.isNaN(number) ? text : number
}
