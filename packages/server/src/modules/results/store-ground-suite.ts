import type { PlayerId, SessionId, SessionResult } from '@muster/protocol'
import type { Db, Tx } from '../../platform/db.ts'
import type { ResultEvent } from './domain.ts'
import type { Standing } from './fold.ts'
import type { ResultsStore } from './store.ts'

export interface ResultsStoreGround extends AsyncDisposable {
  db: Db
  store: ResultsStore
  /** Resolves once so many transactions wait for others. */
  untilWaiting(count: number): PromiseLike<void>
}

export const ann: PlayerId = 'player_ann'
export const bob: PlayerId = 'player_bob'
export const cat: PlayerId = 'player_cat'
export const dan: PlayerId = 'player_dan'

export const standing = (player: PlayerId, value = 1_500, games = 0, over: Partial<Standing> = {}): Standing => ({
  ...{ player, rating: { value, games }, points: value, standing: value, won: 0, drawn: 0, lost: 0 },
  ...over,
})

const result: SessionResult = {
  teams: [
    { players: [ann], rank: 1, score: 3 },
    { players: [bob], rank: 2 },
  ],
  stats: { [ann]: { hits: 3 } },
  duration_s: 60.5,
}
export const event = (name: string, over: Partial<ResultEvent> = {}): Omit<ResultEvent, 'seq'> => ({
  ...{ session: `session_${name}` as SessionId, board: 'duel', mode: 'duel-1v1', at: 1_000, result },
  ...over,
})

export const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code

export interface Hands extends Pick<ResultsStoreGround, 'db' | 'store' | 'untilWaiting'> {
  run<T>(verb: (tx: Tx) => Promise<T>): Promise<T>
  write(board: string, ...standings: Standing[]): Promise<void>
  add(one: Omit<ResultEvent, 'seq'>, players?: PlayerId[]): Promise<number>
}

export function handsOf({ db, store, untilWaiting }: ResultsStoreGround): Hands {
  const run: Hands['run'] = (verb) => db.transact(verb)
  return {
    ...{ db, store, untilWaiting, run },
    write: (board, ...standings) => run((tx) => store.writeStandings(tx, board, standings)),
    add: (one, players = [ann, bob]) => run((tx) => store.addEvent(tx, one, players)),
  }
}
