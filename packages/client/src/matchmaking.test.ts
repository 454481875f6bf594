import type { Entry, MatchOffer, Tokens } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { type Heard, problem, type Reply, stubMuster } from '../../../test/support/stub-muster.ts'
import { createClient } from './client.ts'
import { SearchEnded } from './matchmaking.ts'

const tokens: Tokens = {
  ...{ access_token: 'access', refresh_token: 'refresh', token_type: 'Bearer', expires_in: 900 },
  user_id: 'player_ann',
}
const at = '2026-01-01T00:00:00.000Z'
const entry = (status: Entry['status'], more: Partial<Entry> = {}): Entry => ({
  ...{ entry_id: 'entry_1', status, queues: ['duel'], estimate_s: null, created_at: at, waiting_since: at },
  revision: `${status} 1`,
  ...more,
})
const offer = (id = 'match_1', more: Partial<MatchOffer> = {}): MatchOffer => ({
  ...{ match_id: id as 'match_1', queue: 'duel', mode: 'duel', players: 2, accepted: 0, you_accepted: false },
  expires_at: at,
  ...more,
})
const match: Entry['match'] = {
  ...{ match_id: 'match_1', session_id: 'session_1', mode: 'duel', address: '127.0.0.1:41000', host: '127.0.0.1' },
  ...{ port: 41_000, transport: 'websocket', factions: [['player_ann'], ['player_bob']], nicknames: {}, region: null },
}
const confirmed = entry('match_confirmed', { match, ticket: 'the ticket', revision: 'confirmed' })
const isPoll = ({ method, path }: Heard) => method === 'GET' && path === '/matchmaking/entries/me'

/** A player who searches; polls are answered one after the other. */
async function searching(polls: (Reply | Entry)[], more: (heard: Heard) => Reply | undefined = () => undefined) {
  let next = 0
  const muster = await stubMuster((heard) => {
    const told = more(heard)
    if (told !== undefined) return told
    if (heard.method === 'POST' && heard.path === '/matchmaking/entries') {
      return { status: 201, body: entry('searching') }
    }
    if (!isPoll(heard)) return heard.method === 'DELETE' ? { status: 204 } : { body: { status: 'match_found' } }
    const reply = polls[next++]
    if (reply === undefined) return new Promise<Reply>(() => undefined)
    return 'entry_id' in reply ? { body: reply } : reply
  })
  return { muster, client: createClient({ url: muster.url, tokens }) }
}
const said = (heard: Heard[]) =>
  heard.filter(({ path }) => path.startsWith('/matchmaking/matches/')).map(({ path }) => path.slice(21))

describe('findMatch', () => {
  it('joins, accepts, and gives the match with its ticket', async () => {
    const { muster, client } = await searching([
      entry('match_found', { offer: offer(), revision: 'found' }),
      entry('match_found', { offer: offer('match_1', { accepted: 1, you_accepted: true }), revision: 'accepted' }),
      confirmed,
    ])
    await using _ = muster
    const seen: string[] = []
    const found = await client.findMatch({ queues: ['duel'], onChange: ({ status }) => seen.push(status) })
    expect(found).toEqual({ match, ticket: 'the ticket', connectToken: null })
    expect(seen).toEqual(['searching', 'match_found', 'match_found', 'match_confirmed'])
    expect(said(muster.heard)).toEqual(['match_1/accept'])
    expect(muster.heard[0]?.body).toEqual({ queues: ['duel'] })
    const polls = muster.heard.filter(isPoll).map(({ query }) => [query.get('wait_s'), query.get('after')])
    expect(polls).toEqual([
      ['25', 'searching 1'],
      ['25', 'found'],
      ['25', 'accepted'],
    ])
  })

  it('tells of changes, not of polls that ran out', async () => {
    const { muster, client } = await searching([entry('searching'), entry('searching'), confirmed])
    await using _ = muster
    const seen: string[] = []
    await client.findMatch({ queues: ['duel'], onChange: ({ status }) => seen.push(status) })
    expect(seen).toEqual(['searching', 'match_confirmed'])
  })

  it('declines where the player does, and says why the search ended', async () => {
    const { muster, client } = await searching([
      entry('match_found', { offer: offer() }),
      entry('cancelled', { reason: 'declined' }),
    ])
    await using _ = muster
    const search = client.findMatch({ queues: ['duel'], onOffer: () => Promise.resolve('decline' as const) })
    await expect(search).rejects.toMatchObject({ name: 'SearchEnded', reason: 'declined' })
    expect(said(muster.heard)).toEqual(['match_1/decline'])
  })

  it('asks once for each offer, says nothing where the player is silent, and goes on with the next', async () => {
    const { muster, client } = await searching([
      entry('match_found', { offer: offer('match_1'), revision: 'a' }),
      entry('match_found', { offer: offer('match_1', { accepted: 1 }), revision: 'b' }),
      entry('searching', { reason: 'declined', revision: 'c' }),
      entry('match_found', { offer: offer('match_2'), revision: 'd' }),
      confirmed,
    ])
    await using _ = muster
    const asked: string[] = []
    await client.findMatch({
      queues: ['duel'],
      onOffer({ match_id }) {
        asked.push(match_id)
        return asked.length === 1 ? 'silent' : 'accept'
      },
    })
    expect(asked).toEqual(['match_1', 'match_2'])
    expect(said(muster.heard)).toEqual(['match_2/accept'])
  })

  it('goes on when an answer comes too late', async () => {
    const { muster, client } = await searching([entry('match_found', { offer: offer() }), confirmed], ({ path }) =>
      path.endsWith('/accept') ? problem(409, 'MATCH_EXPIRED') : undefined,
    )
    await using _ = muster
    expect((await client.findMatch({ queues: ['duel'] })).ticket).toBe('the ticket')
  })

  it('polls on while Muster is away', async () => {
    const { muster, client } = await searching([{ hangUp: true }, problem(503, 'UNAVAILABLE'), confirmed])
    await using _ = muster
    expect((await client.findMatch({ queues: ['duel'] })).ticket).toBe('the ticket')
  })

  it('throws what stands against it', async () => {
    const { muster, client } = await searching([], ({ path }) =>
      path === '/matchmaking/entries' ? problem(409, 'ALREADY_SEARCHING') : undefined,
    )
    await using _ = muster
    await expect(client.findMatch({ queues: ['duel'] })).rejects.toMatchObject({ code: 'ALREADY_SEARCHING' })
  })

  it('ends where the entry is gone', async () => {
    const { muster, client } = await searching([problem(404, 'ENTRY_NOT_FOUND')])
    await using _ = muster
    await expect(client.findMatch({ queues: ['duel'] })).rejects.toEqual(new SearchEnded('gone'))
  })
})

describe('a search that is cancelled', () => {
  it('leaves the queue in the midst of a poll', async () => {
    const { muster, client } = await searching([])
    await using _ = muster
    const cancel = new AbortController()
    const search = client.findMatch({ queues: ['duel'], signal: cancel.signal })
    await muster.until(isPoll)
    cancel.abort()
    await expect(search).rejects.toMatchObject({ reason: 'left' })
    expect(muster.heard.at(-1)).toMatchObject({ method: 'DELETE', path: '/matchmaking/entries/me' })
  })

  it('never joins where it was cancelled before', async () => {
    const { muster, client } = await searching([])
    await using _ = muster
    const search = client.findMatch({ queues: ['duel'], signal: AbortSignal.abort() })
    await expect(search).rejects.toMatchObject({ reason: 'left' })
    expect(muster.heard).toEqual([])
  })

  it('finds the match all the same where it was confirmed by then', async () => {
    const { muster, client } = await searching([entry('match_found', { offer: offer() }), confirmed], ({ method }) =>
      method === 'DELETE' ? problem(409, 'ALREADY_PLAYING') : undefined,
    )
    await using _ = muster
    const cancel = new AbortController()
    const search = client.findMatch({
      queues: ['duel'],
      signal: cancel.signal,
      onOffer() {
        cancel.abort()
        return 'accept'
      },
    })
    expect((await search).ticket).toBe('the ticket')
  })

  it('leaves after all where the match that was confirmed by then comes to nothing', async () => {
    let leaves = 0
    const { muster, client } = await searching(
      [
        entry('match_found', { offer: offer(), revision: 'a' }),
        entry('match_found', { offer: offer('match_1', { accepted: 2, you_accepted: true }), revision: 'b' }),
        entry('searching', { reason: 'no_server', revision: 'c' }),
      ],
      ({ method }) => (method === 'DELETE' && leaves++ === 0 ? problem(409, 'ALREADY_PLAYING') : undefined),
    )
    await using _ = muster
    const cancel = new AbortController()
    const search = client.findMatch({
      queues: ['duel'],
      signal: cancel.signal,
      onOffer() {
        cancel.abort()
        return 'accept'
      },
    })
    await expect(search).rejects.toMatchObject({ reason: 'left' })
    expect(leaves).toBe(2)
  })
})

describe('followMatch', () => {
  it('goes on with an entry of before', async () => {
    const { muster, client } = await searching([entry('match_found', { offer: offer() }), confirmed])
    await using _ = muster
    expect((await client.followMatch()).match.session_id).toBe('session_1')
    expect(muster.heard.some(({ method, path }) => method === 'POST' && path === '/matchmaking/entries')).toBe(false)
  })

  it('says so where there is none', async () => {
    const { muster, client } = await searching([problem(404, 'ENTRY_NOT_FOUND')])
    await using _ = muster
    await expect(client.followMatch()).rejects.toEqual(new SearchEnded('gone'))
  })
})
