import pg from 'pg'

/** What the final tables say, as far as it is compared with what players and servers were told. */
export interface FinalTables {
  players: Set<string>
  usernames: Set<string>
  entries: Map<string, { state: string; reason: string | null }>
  matches: Map<string, { session: string | null; state: string }>
  sessions: Map<string, { state: string; requestedAt: number; endedAt: number | null }>
  seats: { session: string; player: string; gaveUpAt: number | null }[]
  /** By session: who was first. */
  winners: Map<string, string>
}

const dumped = [
  ...['matchmaking_entries', 'matchmaking_matches', 'presence_places', 'sessions_sessions', 'sessions_seats'],
  ...['fleet_servers', 'fleet_allocations', 'fleet_processes', 'results_events', 'results_standings'],
]

export async function asking<T>(url: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, query_timeout: 20_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

export const readTables = (url: string): Promise<FinalTables> =>
  asking(url, async (client) => {
    const rows = async (text: string) => (await client.query(text)).rows as Record<string, string | null>[]
    const numberOf = (value: string | null | undefined) =>
      value === null || value === undefined ? null : Number(value)
    const [players, accounts, entries] = [
      await rows('select id from identity_players'),
      await rows('select username from identity_accounts'),
      await rows('select id, state, reason from matchmaking_entries'),
    ]
    const matches = await rows('select id, session_id, state from matchmaking_matches')
    const sessions = await rows('select id, state, requested_at, ended_at from sessions_sessions')
    const seats = await rows('select session, player, gave_up_at from sessions_seats')
    const events = await client.query('select session_id, result from results_events')
    const text = (value: string | null | undefined) => value ?? ''
    return {
      players: new Set(players.map((row) => text(row.id))),
      usernames: new Set(accounts.map((row) => text(row.username))),
      entries: new Map(entries.map((row) => [text(row.id), { state: text(row.state), reason: row.reason ?? null }])),
      matches: new Map(
        matches.map((row) => [text(row.id), { session: row.session_id ?? null, state: text(row.state) }]),
      ),
      sessions: new Map(
        sessions.map((row) => [
          text(row.id),
          { state: text(row.state), requestedAt: Number(row.requested_at), endedAt: numberOf(row.ended_at) },
        ]),
      ),
      seats: seats.map((row) => ({
        session: text(row.session),
        player: text(row.player),
        gaveUpAt: numberOf(row.gave_up_at),
      })),
      winners: new Map(
        (events.rows as { session_id: string; result: { teams: { players: string[]; rank: number }[] } }[]).map(
          ({ session_id, result }) => [session_id, result.teams.find(({ rank }) => rank === 1)?.players[0] ?? ''],
        ),
      ),
    }
  })

/** Everything that is kept of play, a line a row, for who has to find out what happened. */
export const tablesText = (url: string): Promise<string> =>
  asking(url, async (client) => {
    const lines: string[] = []
    for (const table of dumped) {
      const { rows } = await client.query(`select to_jsonb(t)::text as row from ${table} t`)
      for (const { row } of rows as { row: string }[]) lines.push(`{"table":"${table}",${row.slice(1)}`)
    }
    return `${lines.join('\n')}\n`
  })

/** What is held still, in words, while nobody plays any more. */
export const heldStill = (url: string): Promise<string[]> =>
  asking(url, async (client) => {
    const { rows } = await client.query(`
      select 'the place of ' || player as what from presence_places
      union all select 'entry ' || id || ', ' || state from matchmaking_entries where state <> 'closed'
      union all select 'match ' || id || ', ' || state from matchmaking_matches where state in ('offered', 'confirmed')
      union all select 'session ' || id || ', ' || state from sessions_sessions where ended_at is null
      union all select 'a claim of ' || session from fleet_allocations where ended_at is null
      union all select reserved || ' slots of ' || id from fleet_servers where reserved <> 0 or sessions <> 0
      union all select 'process ' || coalesce(pid::text, 'of') || ' ' || server from fleet_processes where ended_at is null`)
    return rows.map(({ what }: { what: string }) => what)
  })

/** Players that have waited for longer than this since then, by queue, where there are enough of them for a match. */
export const waitingTooLong = (url: string, since: number, patienceMs: number): Promise<string[]> =>
  asking(url, async (client) => {
    const { rows } = await client.query(
      `select queues[1] as queue, array_agg(id) as entries from matchmaking_entries
       where state = 'searching' and greatest(waiting_since, seen_at, $1::bigint) < extract(epoch from now()) * 1000 - $2
       group by 1 having count(*) >= 2`,
      [since, patienceMs],
    )
    return rows.map(({ queue, entries }: { queue: string; entries: string[] }) => `${queue}: ${entries.join(', ')}`)
  })
