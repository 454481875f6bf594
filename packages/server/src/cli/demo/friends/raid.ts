import { CommandRefusal } from '../../command.ts'

/** A player on the raid's server, as far as the demo plays one. */
export interface Friend {
  hear(kind: 'started'): Promise<unknown>
  say(message: { type: 'choose'; difficulty: number }): void
  fight(pauseMs: number): Promise<Record<string, number>>
  leave(): void
  closed: Promise<unknown>
}

/** As much of the example game as the demo plays. It is no part of this package, so it is looked for when it is needed. */
export interface Raid {
  enter(way: { address: string; ticket: string }): Promise<Friend>
}

const packageName = '@muster/example-coop'

export async function loadRaid(): Promise<Raid> {
  try {
    return (await import(packageName)) as Raid
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new CommandRefusal(
      "the demo plays the raid of Muster's repository, which is not installed here. Clone the repository, then run `npm ci` and `npx muster demo friends` in it.",
    )
  }
}
