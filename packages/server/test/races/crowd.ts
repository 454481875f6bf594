import type { HttpAnswer, HttpCaller } from '../support/http-caller.ts'
import type { Person } from '../support/peopled-world.ts'

/** Two hundred of them, all sent before any is answered. */
export const atOnce = <T>(run: (at: number) => Promise<T>, count = 200): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => run(at)))

/** How many met which answer. */
export function tally(answers: readonly HttpAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, code } of answers) {
    const met = code === undefined ? String(status) : `${status} ${code}`
    counts[met] = (counts[met] ?? 0) + 1
  }
  return counts
}

/** So many guests, who wait in this queue. */
export async function waitingGuests(call: HttpCaller, queue: string, count: number): Promise<Person[]> {
  const guests = await atOnce(
    async () => (await call('POST /auth/guest', { body: {} })).body as unknown as Person,
    count,
  )
  const joined = await atOnce(
    (at) => call('POST /matchmaking/entries', { token: guests[at]?.access_token, body: { queues: [queue] } }),
    count,
  )
  const refused = joined.filter(({ status }) => status !== 201)
  if (refused.length > 0) throw new Error(`${refused.length} could not join: ${refused[0]?.text}`)
  return guests
}

/** Resolves with the entry once it has come to this. */
export async function until(
  call: HttpCaller,
  { access_token: token }: Person,
  ...statuses: string[]
): Promise<HttpAnswer['body']> {
  let after = ''
  for (let tries = 0; tries < 60; tries++) {
    const { body } = await call(`GET /matchmaking/entries/me?wait_s=5${after}`, { token })
    if (statuses.includes(String(body.status))) return body
    after = `&after=${encodeURIComponent(String(body.revision))}`
  }
  throw new Error(`The entry never came to ${statuses.join(' or ')}.`)
}
