import { readFileSync } from 'node:fs'

/** What a provider's secret file holds. Throws a RangeError, in words for who wrote the configuration. */
export function secretOf(file: string): string {
  let secret: string
  try {
    secret = readFileSync(file, 'utf8').trim()
  } catch {
    throw new RangeError(`${file} cannot be read`)
  }
  if (secret === '') throw new RangeError(`${file} is empty`)
  return secret
}
