import { defineCommand } from 'citty'
import { details } from './help.ts'
import { runRate } from './run.ts'

/** `muster rate`: ratings from a file of results, or of one game. `details` belongs below its usage in --help. */
export const rateCommand = Object.assign(
  defineCommand({
    meta: { name: 'rate', description: 'Rate players from results, and say how well the results were predicted' },
    args: {
      file: {
        type: 'positional',
        required: false,
        description: 'Results: CSV (at,a,b,score_a) or JSON lines ({at, teams, ranks}); - reads standard input',
      },
      system: {
        type: 'string',
        valueHint: 'elo|glicko2|openskill',
        description: 'The rating system; glicko2 if it is not said',
      },
      json: { type: 'boolean', description: 'Print JSON instead of a table' },
      top: { type: 'string', valueHint: 'N', description: 'List only the best N players; all if it is not said' },
      with: { type: 'string', valueHint: 'NAME=VALUE,...', description: 'Parameters of the system, such as k=24' },
      game: {
        type: 'string',
        valueHint: 'JSON',
        description: 'Rate one game, {"system", "players", "ranks"}, instead of a file; - reads standard input',
      },
    },
    async run({ args }) {
      process.exitCode = await runRate(args, process)
    },
  }),
  { details },
)
