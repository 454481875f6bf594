import type { HttpAnswer, HttpAsk, HttpCaller } from '../support/http-caller.ts'
import type { Person } from '../support/peopled-world.ts'
import type { Fact, Ledger } from './ledger.ts'

/** Thrown in a writer when its line is cut: what it asked for may have happened or not. */
export class Unknown extends Error {}

export interface WriterGround {
  call: HttpCaller
  ledger: Ledger
  /** Different in every writer of every round. */
  name: string
  /** This round's queue of an arena, or the lonely one, which makes no match of those who wait in it. */
  queue(name: string): string
}

/** One that goes on writing until its line is cut. */
export type Writer = (ground: WriterGround) => Promise<never>

const said = ({ status, text }: HttpAnswer) => `${status} ${text.slice(0, 200)}`

/** The answer where it is good. A store that is away for a moment says so, and leaves open what became of it. */
async function good(call: HttpCaller, line: string, asked: HttpAsk = {}): Promise<HttpAnswer['body']> {
  const answer = await call(line, asked).catch((error: unknown) => {
    throw new Unknown('the line was cut', { cause: error })
  })
  if (answer.status === 503) throw new Unknown(said(answer))
  if (answer.status >= 300) throw new Error(`${line}: ${said(answer)}`)
  return answer.body
}

const guest = async (call: HttpCaller) => (await good(call, 'POST /auth/guest', { body: {} })) as unknown as Person

const playerIsThere = (person: Person): Fact => ({
  kind: 'players',
  async missing(call) {
    const answer = await call('GET /players/me', { token: person.access_token })
    return answer.body?.id === person.user_id ? null : `${person.user_id}: ${said(answer)}`
  },
})

const registrations: Writer = async ({ call, ledger, name }) => {
  for (let at = 0; ; at++) {
    const username = `${name}.${at}`
    const body = { username, password: `${username} keeps this` }
    const person = at % 4 === 0 ? await good(call, 'POST /auth/register', { body }) : await guest(call)
    ledger.add(playerIsThere(person as unknown as Person))
  }
}

const logouts: Writer = async ({ call, ledger }) => {
  for (;;) {
    const { refresh_token } = await guest(call)
    await good(call, 'POST /auth/logout', { body: { refresh_token } })
    ledger.add({
      kind: 'logouts',
      async missing(again) {
        const answer = await again('POST /auth/refresh', { body: { refresh_token } })
        return answer.status === 401 ? null : `it goes on: ${answer.status}`
      },
    })
  }
}

/** One object that is written over and over: what is there is the last that was acknowledged, or the one after. */
const objects: Writer = async ({ call, ledger }) => {
  const { access_token: token } = await guest(call)
  let acknowledged = 0
  let tried = 0
  const line = '/players/me/storage/durable/count'
  for (;;) {
    tried++
    await good(call, `PUT ${line}`, { token, body: { count: tried, filler: 'x'.repeat(2_000) } })
    acknowledged = tried
    const least = acknowledged
    ledger.add({
      kind: 'stored objects',
      async missing(again) {
        const { body } = await again(`GET ${line}`, { token })
        const count = Number((body?.value as { count?: number } | undefined)?.count)
        return count >= least && count <= tried ? null : `holds ${count}, acknowledged were ${acknowledged}`
      },
    })
  }
}

/** Into a queue that makes no match, and out again every other time. */
const joins: Writer = async ({ call, ledger, queue }) => {
  for (let at = 0; ; at++) {
    const { access_token: token } = await guest(call)
    const { entry_id } = await good(call, 'POST /matchmaking/entries', { token, body: { queues: [queue('lonely')] } })
    const joined: Fact = {
      kind: 'joins',
      async missing(again) {
        const answer = await again('GET /matchmaking/entries/me', { token })
        const isThere = answer.body?.entry_id === entry_id && answer.body.status === 'searching'
        return isThere ? null : `${entry_id}: ${said(answer)}`
      },
    }
    ledger.add(joined)
    if (at % 2 === 0) continue
    ledger.forget(joined)
    await good(call, 'DELETE /matchmaking/entries/me', { token })
    ledger.add({
      kind: 'leavings',
      async missing(again) {
        const answer = await again('GET /matchmaking/entries/me', { token })
        return answer.body?.status === 'searching' ? `${entry_id} searches again` : null
      },
    })
  }
}

/** A game server with two players of its own, match after match, from the join to the result. */
const results =
  (arena: string, key: string): Writer =>
  async ({ call, ledger, queue }) => {
    for (;;) {
      const pair = [await guest(call), await guest(call)]
      const ids = pair.map(({ user_id }) => user_id)
      for (const { access_token: token } of pair) {
        await good(call, 'POST /matchmaking/entries', { token, body: { queues: [queue(arena)] } })
      }
      const { session_id: session, report_token: token } = await assignmentOf(call, arena, key, ids)
      const report = (what: string, body: object) => good(call, `POST /sessions/${session}/${what}`, { token, body })
      await report('ready', {})
      await report('players', { joined: ids })
      await report('started', {})
      await report('result', {
        teams: [
          { players: ids.slice(0, 1), rank: 1 },
          { players: ids.slice(1), rank: 2 },
        ],
      })
      ledger.add({
        kind: 'results',
        async missing(again) {
          const found = await again(`GET /results?session=${session}`, { token: key })
          const times = (found.body?.results as unknown as unknown[] | undefined)?.length
          const winner = await again(`GET /players/${ids[0]}`, { token: key })
          const [standing] = (winner.body?.ratings ?? []) as unknown as { games: number; won: number }[]
          const counted = `${standing?.games} ${standing?.won}`
          return times === 1 && counted === '1 1' ? null : `${session}: ${times} results, counted ${counted}`
        },
      })
    }
  }

interface Assigned {
  session_id: string
  report_token: string
  match: { factions: string[][] }
}

async function assignmentOf(call: HttpCaller, server: string, key: string, ids: string[]): Promise<Assigned> {
  for (let tries = 0; tries < 60; tries++) {
    const body = { current_players: 0, load: 0, wait_s: 1 }
    const { assign } = await good(call, `POST /servers/${server}/heartbeat`, { token: key, body })
    // What an earlier round left unfinished is told again, too.
    const own = (assign as unknown as Assigned[]).find(({ match }) =>
      ids.every((id) => match.factions.flat().includes(id)),
    )
    if (own !== undefined) return own
  }
  throw new Error('Two who wait are not given a session.')
}

/** Who writes in each round. */
export const writersOf = (keys: ReadonlyMap<string, string>): Writer[] => [
  ...[registrations, registrations, logouts, objects, objects, joins, joins],
  ...[...keys].map(([arena, key]) => results(arena, key)),
]
