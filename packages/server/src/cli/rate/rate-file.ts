import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type RatingOptions, ratingSystem } from '../../modules/results/ratings/index.ts'
import { BadInput } from './bad-input.ts'
import { createFold } from './fold.ts'
import { jsonReport, type Report, tableReport } from './report.ts'
import { playedGames } from './results/index.ts'
import type { Streams } from './run.ts'

const progressEveryGames = 50_000

/** Rates a whole file, or standard input where the file is `-`, and writes the report. */
export async function rateFile(
  file: string,
  { options, top, json }: { options: RatingOptions; top: number; json: boolean },
  { stdin, stdout, stderr }: Streams,
): Promise<void> {
  const system = ratingSystem(options)
  const fold = createFold(system)
  let nextProgress = progressEveryGames
  try {
    for await (const games of playedGames(file === '-' ? stdin : createReadStream(file))) {
      games.forEach(fold.add)
      if (stderr.isTTY && fold.games() >= nextProgress) {
        nextProgress = fold.games() + progressEveryGames
        stderr.write(`\r${fold.games().toLocaleString('en')} games rated`)
      }
    }
  } catch (error) {
    throw asBadInput(error, file)
  } finally {
    if (stderr.isTTY && nextProgress > progressEveryGames) stderr.write('\r\u001B[K')
  }
  const source = file === '-' ? 'standard input' : file
  const report: Report = { source, options, system, folded: fold.folded(), top }
  await write(json ? jsonReport(report) : tableReport(report), stdout)
}

/** Writes piece by piece, as fast as the reader takes them. A reader that has seen enough (`| head`) is no error. */
async function write(pieces: Iterable<string>, stdout: NodeJS.WritableStream): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), stdout, { end: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}

function asBadInput(error: unknown, file: string): unknown {
  const place = file === '-' ? 'standard input' : file
  if (error instanceof BadInput) return new BadInput(`${place}: ${error.message}`)
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return new BadInput(`${place}: there is no such file`)
    case 'EISDIR':
      return new BadInput(`${place}: is a folder, not a file`)
    case 'EACCES':
      return new BadInput(`${place}: may not be read`)
    default:
      return error
  }
}
