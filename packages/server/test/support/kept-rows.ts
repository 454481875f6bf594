import pg, { type PoolConfig } from 'pg'

/** Every row of every table that there is, by table, each as JSON text. */
export async function keptRows(connection: PoolConfig): Promise<Map<string, string[]>> {
  const client = new pg.Client(connection as pg.ClientConfig)
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
    )
    const kept = new Map<string, string[]>()
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(
        `select to_jsonb(t)::text as row from ${pg.escapeIdentifier(name)} t order by 1`,
      )
      kept.set(
        name,
        rows.map(({ row }) => row),
      )
    }
    return kept
  } finally {
    await client.end()
  }
}
