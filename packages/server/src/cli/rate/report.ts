import type { RatingOptions, RatingSystem } from '../../modules/results/ratings/index.ts'
import type { Folded, Player } from './fold.ts'
import { inOwnWords, systemTitles } from './own-words.ts'

export interface Report {
  readonly source: string
  readonly options: RatingOptions
  readonly system: RatingSystem
  readonly folded: Folded
  /** How many players to list. */
  readonly top: number
}

const chunkRows = 1_000

/** `--json`: see the command's help for its shape. It comes in pieces, one player a line, for there may be millions. */
export function* jsonReport({ options, system, folded, top }: Report): Generator<string> {
  const { system: name, ...parameters } = options
  const { predictions } = folded
  const head = {
    system: name,
    parameters,
    games: folded.games,
    players: folded.players.length,
    predicted: predictions.counted,
    predicted_draws: predictions.drawn,
    accuracy: predictions.accuracy,
    log_loss: predictions.logLoss,
    log_loss_guessing: predictions.logLossOfGuessing,
  }
  yield `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "ratings": [`
  yield* chunked(folded.players.slice(0, top), (player, at) => {
    const row = {
      rank: at + 1,
      name: player.name,
      ...inOwnWords(name, player.rating),
      points: system.points(player.rating),
      standing: system.standing(player.rating),
      games: player.rating.games,
      won: player.won,
      drawn: player.drawn,
      lost: player.lost,
    }
    return `${at === 0 ? '\n' : ',\n'}    ${JSON.stringify(row)}`
  })
  yield '\n  ]\n}\n'
}

/** The table for people. Numbers are rounded here and nowhere before. */
export function* tableReport({ source, options, system, folded, top }: Report): Generator<string> {
  const { games, players, predictions } = folded
  const shown = players.slice(0, top)
  const columns = columnsOf(system, shown)
  yield `${systemTitles[options.system]} over ${source}: ${counted(games, 'game')}, ${counted(players.length, 'player')}\n\n`
  if (predictions.logLoss !== null) {
    const { accuracy, drawn } = predictions
    yield `Predictions made before each game, after the first fifth: ${counted(predictions.counted, 'game')}\n`
    const leftOut = drawn === 0 ? '' : ` (${counted(drawn, 'draw')} left out)`
    if (accuracy !== null) yield `  accuracy  ${(100 * accuracy).toFixed(1)} %${leftOut}\n`
    yield `  log-loss  ${predictions.logLoss.toFixed(4)} (guessing: ${predictions.logLossOfGuessing!.toFixed(4)})\n\n`
  }
  yield `${columns.map(({ title, width, left }) => (left ? title.padEnd(width) : title.padStart(width))).join('  ')}\n`
  yield* chunked(shown, (player, at) => {
    const cells = columns.map(({ text, width, left }) => {
      const cell = text(player, at)
      return left ? cell.padEnd(width) : cell.padStart(width)
    })
    return `${cells.join('  ')}\n`
  })
  if (shown.length < players.length) yield `and ${counted(players.length - shown.length, 'more', 'more')}\n`
}

interface Column {
  readonly title: string
  readonly width: number
  readonly left?: boolean
  readonly text: (player: Player, at: number) => string
}

const nameWidthMax = 40

function columnsOf(system: RatingSystem, players: readonly Player[]): Column[] {
  const nameWidth = players.reduce((widest, { name }) => Math.max(widest, shownName(name).length), 4)
  const whole = (title: string, width: number, number: (player: Player) => number): Column => ({
    title,
    width,
    text: (player) => number(player).toFixed(0),
  })
  const own: Record<RatingSystem['name'], Column[]> = {
    elo: [whole('rating', 7, ({ rating }) => rating.value)],
    glicko2: [
      whole('rating', 7, ({ rating }) => rating.value),
      whole('deviation', 9, ({ rating }) => rating.deviation!),
    ],
    openskill: [
      whole('standing', 8, ({ rating }) => system.standing(rating)),
      { title: 'rating mu', width: 9, text: ({ rating }) => rating.value.toFixed(2) },
      { title: 'deviation', width: 9, text: ({ rating }) => rating.deviation!.toFixed(2) },
    ],
  }
  return [
    { title: 'rank', width: Math.max(4, String(players.length).length), text: (_, at) => String(at + 1) },
    { title: 'name', width: nameWidth, left: true, text: ({ name }) => shownName(name) },
    ...own[system.name],
    whole('games', 6, ({ rating }) => rating.games),
    whole('won', 6, ({ won }) => won),
    whole('drawn', 6, ({ drawn }) => drawn),
    whole('lost', 6, ({ lost }) => lost),
  ]
}

/** A name fit for a terminal: what would move the cursor or change colours is not passed on. */
function shownName(name: string): string {
  const plain = name.replace(/\p{C}/gu, '?')
  return plain.length > nameWidthMax ? `${plain.slice(0, nameWidthMax - 1)}…` : plain
}

function counted(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`
}

/** Joins rows into chunks, so that a large report is neither one string nor a write for every line. */
function* chunked<Row>(rows: readonly Row[], text: (row: Row, at: number) => string): Generator<string> {
  for (let from = 0; from < rows.length; from += chunkRows) {
    yield rows
      .slice(from, from + chunkRows)
      .map((row, at) => text(row, from + at))
      .join('')
  }
}
