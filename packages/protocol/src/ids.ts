import Type, { type TSchema } from 'typebox'

/** Every id carries its noun, so a log line explains itself: `player_01k9…`. */
export type Id<Noun extends string> = `${Noun}_${string}`

export type PlayerId = Id<'player'>
export type LoginId = Id<'login'>
export type KeyId = Id<'key'>
export type EntryId = Id<'entry'>
export type MatchId = Id<'match'>
export type SessionId = Id<'session'>
export type GameId = Id<'game'>
/** Registered servers choose their own ids; launched ones are given `server_…`. */
export type ServerId = string

/** An id's schema: the noun, then what sorts by time and says nothing else. */
export const IdOf = <const Noun extends string>(noun: Noun) =>
  Type.Unsafe<Id<Noun>>({
    type: 'string',
    pattern: `^${noun}_[0-9a-z]{1,64}$`,
    description: `A ${noun}'s id, \`${noun}_…\``,
  })

export const PlayerIdSchema = IdOf('player')
export const SessionIdSchema = IdOf('session')
export const GameIdSchema = IdOf('game')
export const EntryIdSchema = IdOf('entry')
export const MatchIdSchema = IdOf('match')
export const KeyIdSchema = IdOf('key')
export const ServerIdSchema = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$',
  description:
    "A server's id, as it chose or was given: letters, digits, dots, colons, dashes and underscores, at most 64, a letter or digit first",
})

/** What queues, boards, modes, collections and the like are called. */
export const NameOf = (charactersMax: number) =>
  Type.String({
    pattern: `^[A-Za-z0-9._-]{1,${charactersMax}}$`,
    description: `Letters, digits, dots, dashes and underscores, at most ${charactersMax}`,
  })

/** RFC 3339, in UTC, with milliseconds. */
export const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' })

/** A number that a game counts or measures, so small that sums of such numbers stay numbers. */
export const Figure = (bounds: { minimum?: number; description?: string } = {}) =>
  Type.Number({ minimum: -figureMax, maximum: figureMax, ...bounds })
const figureMax = 1e15

/** An object that refuses what it does not name. */
export const Closed = <Properties extends Record<string, TSchema>>(properties: Properties, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) })

export const PathId = <S extends TSchema>(schema: S) => Closed({ id: schema })

/** Ids of servers that offer themselves begin so. Nobody registers such an id, so that none is taken before its owner comes. */
export const offeredIdPrefix = 'offer-'
