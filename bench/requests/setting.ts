import type { Wanted } from './load.ts'

/** What the load needs to be there: players, accounts, and sessions whose server is ready. */
export const config = {
  modes: { duel: { server: { registered: true }, loadingTimeoutS: 86_400, readyTimeoutS: 3_600 } },
  queues: { duel: { mode: 'duel', acceptTimeoutS: 0 } },
  // One machine stands for many players here, so what is counted by address is not to hold it up.
  http: { requestsPerMinute: 1_000_000_000 },
  identity: { guestsPerMinute: 1_000_000_000, registrationsPerMinute: 1_000_000_000, signInAddressMax: 1_000_000 },
  sessions: { ticketsPerMinute: 1_000_000_000 },
  fleet: { ttlS: 7_200, heartbeatIntervalS: 3_600 },
}

interface Tokens {
  access_token: string
  refresh_token: string
}

export interface Setting {
  guests: Tokens[]
  accounts: { username: string; password: string }[]
  tickets: Wanted[]
}

const beatsMax = 200
const looksMax = 10

export async function prepare(
  url: string,
  operator: { username: string; password: string },
  sizes: { guests: number; accounts: number },
): Promise<Setting> {
  async function call<Body>(method: string, path: string, body?: object, token?: string): Promise<Body> {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`)
    return JSON.parse(text) as Body
  }
  const many = <One>(count: number, make: (at: number) => Promise<One>) =>
    Promise.all(Array.from({ length: count }, (_, at) => make(at)))

  const { access_token } = await call<Tokens>('POST', '/auth/login', operator)
  const key = await call<{ secret: string }>('POST', '/keys', { name: 'bench', scopes: ['server'] }, access_token)
  const server = { id: 'bench', name: 'bench', address: '127.0.0.1', ports: { game: 7_000 }, capacity: 10_000 }
  await call('POST', '/servers', server, key.secret)

  const guests = await many(sizes.guests, () => call<Tokens>('POST', '/auth/guest', {}))
  const accounts = await many(sizes.accounts, async (at) => {
    const account = { username: `bench_${at}`, password: `a long enough passphrase ${at}` }
    await call('POST', '/auth/register', account)
    return account
  })

  await many(guests.length, (at) =>
    call('POST', '/matchmaking/entries', { queues: ['duel'] }, guests[at]!.access_token),
  )
  const ready = new Set<string>()
  const beat = { current_players: 0, load: 0, wait_s: 1 }
  interface Orders {
    assign: { session_id: string; report_token: string }[]
  }
  for (let beats = 0; ready.size < guests.length / 2; beats++) {
    if (beats === beatsMax) throw new Error('The sessions did not open in time.')
    const { assign } = await call<Orders>('POST', '/servers/bench/heartbeat', beat, key.secret)
    for (const { session_id, report_token } of assign) {
      if (ready.has(session_id)) continue
      ready.add(session_id)
      await call('POST', `/sessions/${session_id}/ready`, {}, report_token)
    }
  }
  const tickets = await many(guests.length, async (at): Promise<Wanted> => {
    const { access_token: token } = guests[at]!
    interface Entry {
      revision: string
      match?: { session_id?: string }
    }
    let entry = await call<Entry>('GET', '/matchmaking/entries/me', undefined, token)
    for (let looks = 0; entry.match?.session_id === undefined; looks++) {
      if (looks === looksMax) throw new Error(`A match was not confirmed in time: ${JSON.stringify(entry)}`)
      const wait = `wait_s=5&after=${encodeURIComponent(entry.revision)}`
      entry = await call<Entry>('GET', `/matchmaking/entries/me?${wait}`, undefined, token)
    }
    return { method: 'POST', path: `/sessions/${entry.match.session_id}/ticket`, token }
  })
  return { guests, accounts, tickets }
}
