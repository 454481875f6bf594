import { CommandRefusal } from '../command.ts'

export interface Score {
  turn: number
  you: number
  them: number
}

/** As much of the example game as the demo plays. It is no part of this package, so it is looked for when it is needed. */
export interface Game {
  playDuel(
    way: { address: string; ticket: string },
    options: {
      skill: number
      thinkMs: number
      onTurn(score: Score): void
      comeBack(): Promise<{ address: string; ticket: string }>
    },
  ): Promise<{ outcome: 'won' | 'lost' | 'drawn'; you: number; them: number }>
}

const packageName = '@muster/example-duel'

export async function loadGame(): Promise<Game> {
  try {
    return (await import(packageName)) as Game
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new CommandRefusal(
      "the demo plays the duel of Muster's repository, which is not installed here. Clone the repository, then run `npm ci` and `npx muster demo` in it.",
    )
  }
}
