import { BadInput } from '../bad-input.ts'
import { assertName, type PlayedGame, timeOf } from './played-game.ts'

const ranksOfScore = new Map([
  [1, [1, 2]],
  [0.5, [1, 1]],
  [0, [2, 1]],
])

/**
 * Reads one-against-one results, `at,a,b,score_a`. The header names the columns: `a`, `b` and `score_a` must be there,
 * `at` may be, any others are passed over. Returns the reader of one line; what it throws names the column.
 */
export function csvGames(header: string): (line: string) => PlayedGame {
  const columns = fieldsOf(header).map((name) => name.trim().toLowerCase())
  const columnOf = (name: string) => columns.indexOf(name)
  const missing = ['a', 'b', 'score_a'].filter((name) => columnOf(name) === -1)
  if (missing.length > 0) {
    throw new BadInput(`the header has no column ${missing.join(', ')}; it should read at,a,b,score_a`)
  }
  const doubled = columns.find((name, at) => name !== '' && columns.indexOf(name) !== at)
  if (doubled !== undefined) throw new BadInput(`the header names ${doubled} twice`)

  return (line) => {
    const fields = fieldsOf(line)
    if (fields.length !== columns.length) {
      throw new BadInput(`has ${fields.length} fields where the header has ${columns.length}`)
    }
    const field = (name: string) => fields[columnOf(name)]!.trim()
    const [a, b] = [field('a'), field('b')]
    assertName(a, 'a')
    assertName(b, 'b')
    if (a === b) throw new BadInput(`a, b: '${a}' cannot play against himself`)
    const score = field('score_a')
    const ranks = score === '' ? undefined : ranksOfScore.get(Number(score))
    if (ranks === undefined) throw new BadInput(`score_a: '${score}' is not 1 (a won), 0.5 (a draw) or 0 (b won)`)
    const game = { teams: [[a], [b]], ranks }
    return columnOf('at') === -1 ? game : { ...game, atMs: timeOf(field('at'), 'at') }
  }
}

/** Fields as RFC 4180 has them, but for line ends inside quotes, which no name of a player needs. */
export function fieldsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',')
  const fields: string[] = []
  let at = 0
  while (at <= line.length) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at)
      const end = comma === -1 ? line.length : comma
      fields.push(line.slice(at, end))
      at = end + 1
      continue
    }
    let field = ''
    let open = at + 1
    for (;;) {
      const quote = line.indexOf('"', open)
      if (quote === -1) throw new BadInput('a quote is opened and not closed')
      field += line.slice(open, quote)
      open = quote + 1
      if (line[open] !== '"') break
      field += '"'
      open++
    }
    if (open < line.length && line[open] !== ',') throw new BadInput('text follows a closing quote')
    fields.push(field)
    at = open + 1
  }
  return fields
}
