import type { RatingOptions, RatingSystemName } from '../../../modules/results/ratings/index.ts'
import { BadInput } from '../bad-input.ts'
import { completed, parameterName, parameterNames, systemNameOf } from '../parameters.ts'
import { momentOf } from '../results/json-lines.ts'
import { type Seat, seatOf } from './seat.ts'

/** One game as asked for with --game, its many spellings made one. */
export interface AskedGame {
  readonly options: RatingOptions
  readonly teams: readonly (readonly Seat[])[]
  readonly ranks: readonly number[]
  readonly atMs?: number
  /** Which of the teams were written as lists, so that the answer has the shape of the question. */
  readonly listed: readonly boolean[]
}

/** One player's rating period of several games, as Glickman's paper computes it. */
export interface AskedPeriod {
  readonly options: RatingOptions & { system: 'glicko2' }
  readonly player: Seat
  readonly games: readonly { opponent: Seat; score: number }[]
}

type Parsed = Record<string, unknown>

/** What a question may hold beside the parameters of its system. */
const ownKeys = ['system', 'parameters', 'at', 'players', 'teams', 'ranks', 'score_a', 'a', 'b', 'winner', 'loser']
const periodKeys = ['player', 'period']

export function askedOf(
  text: string,
  given: { system?: RatingSystemName; parameters: Parsed },
): AskedGame | AskedPeriod {
  const parsed = objectOf(text)
  const system = parsed.system === undefined ? (given.system ?? 'glicko2') : systemNameOf(parsed.system, 'system')
  if (given.system !== undefined && given.system !== system) {
    throw new BadInput(`system: the game says ${system}, --system says ${given.system}`)
  }
  const options = completed(system, { ...parametersAmong(parsed, system), ...given.parameters })
  if (parsed.period !== undefined || parsed.player !== undefined) return periodOf(parsed, options)

  const { sides, places } = sidesOf(parsed)
  const teams = sides.map((side, at) => {
    const here = places[at]!
    if (!Array.isArray(side)) return [seatOf(side, here, options)]
    return side.map((player, seat) => seatOf(player, `${here}[${seat}]`, options))
  })
  assertNamedOnce(teams.flat())
  return {
    options,
    teams,
    ranks: ranksOf(parsed, teams.length),
    listed: sides.map(Array.isArray),
    ...(parsed.at === undefined ? {} : { atMs: momentOf(parsed.at) }),
  }
}

function objectOf(text: string): Parsed {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new BadInput(`is not JSON: ${(error as Error).message}`)
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Parsed
  throw new BadInput('is to be one object, such as {"system":"elo","players":[1500,1900],"ranks":[1,2]}')
}

function parametersAmong(parsed: Parsed, system: RatingSystemName): Parsed {
  const { parameters = {} } = parsed
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    throw new BadInput('parameters: is to be an object, such as {"k":24}')
  }
  const known = parameterNames(system)
  const beside = Object.entries(parsed).filter(([key]) => !ownKeys.includes(key) && !periodKeys.includes(key))
  const all = [...beside, ...Object.entries(parameters)].map(([key, value]): [string, unknown] => {
    const name = parameterName(key)
    const found = known.find((one) => one === name || one.toLowerCase() === name.toLowerCase())
    if (found !== undefined) return [found, value]
    throw new BadInput(`${key}: is neither part of a game nor a parameter of ${system} (${known.join(', ')})`)
  })
  return Object.fromEntries(all)
}

/** `players`, `teams`, `a` and `b`, or `winner` and `loser`: the sides in the order in which they were named. */
function sidesOf(parsed: Parsed): { sides: readonly unknown[]; places: readonly string[] } {
  const forms = [
    ['players', ['players']],
    ['teams', ['teams']],
    ['a, b', ['a', 'b']],
    ['winner, loser', ['winner', 'loser']],
  ] as const
  const used = forms.filter(([, keys]) => keys.some((key) => parsed[key] !== undefined))
  if (used.length === 0) throw new BadInput('players: is missing; it is a list of the players, the first named first')
  if (used.length > 1) throw new BadInput(`${used.map(([name]) => name).join(' and ')}: only one of them can be given`)
  const [name, keys] = used[0]!
  const missing = keys.length === 2 ? keys.find((key) => parsed[key] === undefined) : undefined
  if (missing !== undefined) throw new BadInput(`${missing}: is missing; a game needs at least two teams`)
  if (keys.length === 2) return { sides: keys.map((key) => parsed[key]), places: keys }
  const sides = parsed[name]
  if (!Array.isArray(sides)) throw new BadInput(`${name}: is to be a list`)
  const places = sides.map((_, at) => `${name}[${at}]`)
  if (name === 'teams') {
    const single = sides.findIndex((side) => !Array.isArray(side))
    if (single !== -1) throw new BadInput(`${places[single]}: is to be a list of players`)
  }
  return { sides, places }
}

function ranksOf(parsed: Parsed, count: number): number[] {
  const { ranks, score_a: score, winner } = parsed
  if (ranks !== undefined && score !== undefined) throw new BadInput('ranks and score_a: only one of them can be given')
  if (winner !== undefined && (ranks !== undefined || score !== undefined)) {
    throw new BadInput('winner and loser leave no room for ranks or score_a')
  }
  if (score !== undefined) {
    if (count !== 2) throw new BadInput(`score_a: is for two teams, and ${count} are given; say ranks instead`)
    if (score !== 1 && score !== 0.5 && score !== 0) throw new BadInput('score_a: is to be 1, 0.5 or 0')
    return score === 1 ? [1, 2] : score === 0 ? [2, 1] : [1, 1]
  }
  if (ranks === undefined) return Array.from({ length: count }, (_, at) => at + 1)
  if (!Array.isArray(ranks)) throw new BadInput('ranks: is to be a list, one rank for each team')
  if (ranks.length !== count) throw new BadInput(`ranks: ${ranks.length} given for ${count} teams; each team needs one`)
  ranks.forEach((rank, at) => {
    if (!Number.isSafeInteger(rank)) throw new BadInput(`ranks[${at}]: ${JSON.stringify(rank)} is no whole number`)
  })
  return ranks
}

function periodOf(parsed: Parsed, options: RatingOptions): AskedPeriod {
  if (options.system !== 'glicko2') throw new BadInput(`period: ${options.system} has none; only glicko2 has`)
  const strangers = ownKeys.slice(3).filter((key) => parsed[key] !== undefined)
  if (strangers.length > 0) throw new BadInput(`${strangers.join(', ')}: cannot be given together with a period`)
  if (parsed.player === undefined) throw new BadInput('player: is missing; it is whose period this is')
  if (!Array.isArray(parsed.period)) throw new BadInput('period: is to be a list of games, {rating, rd, score}')
  const games = parsed.period.map((game: unknown, at) => {
    const here = `period[${at}]`
    if (typeof game !== 'object' || game === null) throw new BadInput(`${here}: is to be {rating, rd, score}`)
    const { score, ...opponent } = game as Parsed
    if (score !== 1 && score !== 0.5 && score !== 0) throw new BadInput(`${here}.score: is to be 1, 0.5 or 0`)
    return { opponent: seatOf(opponent, here, options), score }
  })
  return { options, player: seatOf(parsed.player, 'player', options), games }
}

function assertNamedOnce(seats: readonly Seat[]): void {
  const ids = seats.flatMap(({ id }) => (id === undefined ? [] : [id]))
  const twice = ids.find((id, at) => ids.indexOf(id) !== at)
  if (twice !== undefined) throw new BadInput(`players: '${twice}' is named twice`)
}
