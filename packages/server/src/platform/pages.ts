/** Reads in the order of a key, page by page: no statement takes long, however much there is. */
export async function* inPages<Row>(
  read: (after: string, max: number) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
  max = 5_000,
): AsyncGenerator<readonly Row[]> {
  for (let after = ''; ; ) {
    const rows = await read(after, max)
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < max) return
    after = keyOf(last)
  }
}

/** The same for rows whose keys are known. */
export async function* inSlices<Key, Row>(
  keys: readonly Key[],
  read: (some: readonly Key[]) => Promise<readonly Row[]>,
  max = 5_000,
): AsyncGenerator<readonly Row[]> {
  for (let from = 0; from < keys.length; from += max) yield await read(keys.slice(from, from + max))
}
