import type { GameId, PlayerId, SessionId } from '@muster/protocol'
import {
  foreignKeyViolation,
  memoryOf,
  memoryTable,
  rowsIn,
  uniqueViolation,
} from '../../../platform/memory-db/index.ts'
import type { GamesStore, KeptGame } from '../store.ts'

export type GameRow = KeptGame

const games = memoryTable<GameRow>(
  'games_games',
  ({ id }) => id,
  { session: ({ session }) => [session], host: ({ host }) => (host === null ? [] : [host]) },
  {
    open: ({ id, endedAt }) => (endedAt === null ? [id] : null),
    ended: ({ id, endedAt }) => (endedAt === null ? null : [endedAt, id]),
  },
)
/** Which open game a passcode opens: its own row, as it is unique. */
const passcodes = memoryTable<{ passcode: string; game: GameId }>('games_passcodes', ({ passcode }) => passcode)
const banned = memoryTable<{ game: GameId; player: PlayerId }>(
  'games_banned',
  ({ game, player }) => `${game} ${player}`,
  { game: ({ game }) => [game], player: ({ player }) => [player] },
)

/** Private games in a memory database: for tests and the simulator. */
export const memoryGamesStore = (): GamesStore => ({
  async insert(tx, game) {
    const rows = rowsIn(tx, games)
    const isOpen = game.endedAt === null
    if (isOpen && !(await rowsIn(tx, passcodes).insert({ passcode: game.passcode, game: game.id }))) return false
    if (rows.by('session', game.session).length > 0) throw memoryOf(tx).fail(uniqueViolation('games_games_session_key'))
    if (!(await rows.insert({ ...game }))) throw memoryOf(tx).fail(uniqueViolation('games_games_pkey'))
    return true
  },
  async read(tx, id) {
    const row = rowsIn(tx, games).get(id)
    return row && { ...row }
  },
  async openBy(tx, passcode) {
    const open = rowsIn(tx, passcodes).get(passcode)
    const row = open && rowsIn(tx, games).get(open.game)
    return row && { ...row }
  },
  async ofSession(tx, session: SessionId) {
    const [row] = rowsIn(tx, games).by('session', session)
    return row === undefined ? null : { ...row }
  },
  async open(tx, after, limit) {
    const found: KeptGame[] = []
    for (const row of rowsIn(tx, games).after('open', after === null ? [] : [after])) {
      if (found.length === limit) break
      found.push({ ...row })
    }
    return found
  },
  async end(tx, ids, at) {
    const rows = rowsIn(tx, games)
    const isOpen = (id: GameId) => rows.get(id)?.endedAt === null
    for (const row of await rows.hold([...new Set(ids)].filter(isOpen).sort())) {
      if (row.endedAt !== null) continue
      rows.put({ ...row, endedAt: at })
      const codes = rowsIn(tx, passcodes)
      for (const { passcode } of await codes.hold([row.passcode])) codes.remove(passcode)
    }
  },
  async ban(tx, game, player) {
    const rows = rowsIn(tx, banned)
    if (rows.get(`${game} ${player}`) !== null) return
    if ((await rowsIn(tx, games).hold([game], 'share')).length === 0) {
      throw memoryOf(tx).fail(foreignKeyViolation('games_banned_game_fkey'))
    }
    await rows.insert({ game, player })
  },
  isBanned: async (tx, game, player) => rowsIn(tx, banned).get(`${game} ${player}`) !== null,
  hostedBy: async (tx, player) =>
    rowsIn(tx, games)
      .by('host', player)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .map((row) => ({ ...row })),
  async erase(tx, player) {
    const rows = rowsIn(tx, games)
    const hosted = rows.by('host', player).map(({ id }) => id)
    for (const row of await rows.hold(hosted.sort())) if (row.host === player) rows.put({ ...row, host: null })
    const bans = rowsIn(tx, banned)
    const keys = bans.by('player', player).map(({ game }) => `${game} ${player}`)
    for (const row of await bans.hold(keys.sort())) bans.remove(`${row.game} ${row.player}`)
  },
  async removeEnded(tx, before, limit) {
    const rows = rowsIn(tx, games)
    const removed = rows.holdFree(endedBefore(rows.after('ended', []), before), limit)
    const bans = rowsIn(tx, banned)
    for (const { id } of removed) {
      rows.remove(id)
      const keys = bans.by('game', id).map(({ player }) => `${id} ${player}`)
      for (const row of await bans.hold(keys)) bans.remove(`${row.game} ${row.player}`)
    }
    return removed.length
  },
})

function* endedBefore(rows: Iterable<GameRow>, before: number): Iterable<GameId> {
  for (const { id, endedAt } of rows) {
    if ((endedAt as number) >= before) return
    yield id
  }
}
