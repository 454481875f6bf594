import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'

export const gamesOptions = Closed({
  passcodeLength: Type.Integer({
    default: 6,
    minimum: 5,
    maximum: 16,
    description: 'Letters and digits of a passcode; each makes it 23 times as hard to guess',
  }),
  guessesPerMinute: Type.Integer({ default: 10, minimum: 1, description: 'Wrong passcodes a player may try' }),
  guessesPerAddress: Type.Integer({ default: 60, minimum: 1, description: 'And all players of one address, a minute' }),
  gamesPerMinute: Type.Integer({ default: 20, minimum: 1, description: 'Games a player may ask for, and joinings' }),
  waitingMax: Type.Integer({ default: 10_000, minimum: 1, description: 'Callers waiting for a server to be ready' }),
  retryAfterS: Type.Integer({ default: 5, minimum: 1, maximum: 3_600, description: 'When to try again for a server' }),
  keptDays: Type.Number({ default: 30, minimum: 0, description: 'How long ended games are kept' }),
})
export type GamesOptions = Static<typeof gamesOptions>
