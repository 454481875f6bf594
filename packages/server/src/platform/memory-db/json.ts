/** What a jsonb column gives back: a copy that nobody changes, without what JSON has no word for; null for nothing. */
export function keptJson<T>(value: T): T {
  if (value === undefined || value === null) return null as T
  return frozen(JSON.parse(JSON.stringify(value))) as T
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  for (const held of Object.values(value)) frozen(held)
  return Object.freeze(value)
}
