import { type Rating, type RatingOptions, ratingSystem } from '../../../modules/results/ratings/index.ts'
import { BadInput } from '../bad-input.ts'
import { fieldNames } from '../own-words.ts'
import { momentOf } from '../results/json-lines.ts'
import { assertName } from '../results/played-game.ts'

/** A player in a game that is asked for: perhaps named, and rated, as a newcomer if nothing is said. */
export interface Seat {
  readonly id?: string
  readonly rating: Rating
}

const idNames = ['id', 'name', 'player']
const otherNames = ['games', 'last_at']

/** A player is a number (the rating), a text (the name of a newcomer), or an object with any of its system's fields. */
export function seatOf(player: unknown, place: string, options: RatingOptions): Seat {
  const newcomer = ratingSystem(options).initial()
  if (typeof player === 'number') return { rating: { ...newcomer, value: player } }
  if (typeof player === 'string') {
    assertName(player, place)
    return { id: player, rating: newcomer }
  }
  if (typeof player !== 'object' || player === null || Array.isArray(player)) {
    throw new BadInput(`${place}: ${JSON.stringify(player)} is no player; it is to be a rating or an object`)
  }
  const said = player as Record<string, unknown>
  const names = fieldNames[options.system]
  const known: string[] = [...idNames, ...names.value, ...names.deviation, ...names.volatility, ...otherNames]
  const stranger = Object.keys(said).find((key) => !known.includes(key))
  if (stranger !== undefined) {
    const own = [...names.value.slice(0, 1), ...names.deviation.slice(0, 1), ...names.volatility.slice(0, 1)]
    throw new BadInput(`${place}.${stranger}: ${options.system} has no such field; a player has id, ${own.join(', ')}`)
  }

  const numberOf = (fields: readonly string[], least: number): number | undefined => {
    const field = fields.find((one) => said[one] !== undefined)
    if (field === undefined) return undefined
    const number = said[field]
    if (typeof number === 'number' && number >= least) return number
    const bound = least === 0 ? ' of 0 or more' : ''
    throw new BadInput(`${place}.${field}: ${JSON.stringify(number)} is no number${bound}`)
  }
  const rating: Rating = { ...newcomer, value: numberOf(names.value, Number.NEGATIVE_INFINITY) ?? newcomer.value }
  const deviation = numberOf(names.deviation, 0)
  const volatility = numberOf(names.volatility, 0)
  const games = numberOf(['games'], 0)
  if (deviation !== undefined) rating.deviation = deviation
  if (volatility !== undefined) rating.volatility = volatility
  if (games !== undefined) {
    if (!Number.isSafeInteger(games)) throw new BadInput(`${place}.games: ${games} is no whole number`)
    rating.games = games
  }
  if (said.last_at !== undefined) rating.lastAtMs = momentOf(said.last_at)

  const idName = idNames.find((name) => said[name] !== undefined)
  if (idName === undefined) return { rating }
  const id = typeof said[idName] === 'number' ? String(said[idName]) : said[idName]
  assertName(id, `${place}.${idName}`)
  return { id, rating }
}
