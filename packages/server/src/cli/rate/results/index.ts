import { BadInput } from '../bad-input.ts'
import { csvGames } from './csv.ts'
import { gameOfJson } from './json-lines.ts'
import { lineBatches } from './lines.ts'
import type { PlayedGame } from './played-game.ts'

export type { PlayedGame } from './played-game.ts'

/**
 * The games of a stream, CSV or JSON lines as its first line shows, a batch at a time, so that a file may be larger than
 * the memory. The first line that cannot be used ends it with a BadInput that gives the line's number and the reason:
 * ratings from half a file would look as good as any.
 */
export async function* playedGames(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<PlayedGame[]> {
  let gameOf: ((line: string) => PlayedGame) | undefined
  let number = 0
  let count = 0
  for await (const lines of lineBatches(input)) {
    const games: PlayedGame[] = []
    for (const line of lines) {
      number++
      if (line.trim() === '') continue
      try {
        if (gameOf !== undefined) games.push(gameOf(line))
        else if (/^\s*[[{]/.test(line)) {
          gameOf = gameOfJson
          games.push(gameOf(line))
        } else gameOf = csvGames(line)
      } catch (error) {
        if (error instanceof BadInput) throw new BadInput(`line ${number}: ${error.message}`)
        throw error
      }
    }
    count += games.length
    yield games
  }
  if (count === 0) throw new BadInput(`there are no results in it${gameOf === undefined ? '' : ', only a header'}`)
}
