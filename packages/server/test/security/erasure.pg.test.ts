import { expect, it } from 'vitest'
import { keptRows } from '../support/kept-rows.ts'
import { peopledWorld, worldConfig } from '../support/peopled-world.ts'
import { runningServer } from '../support/running-server.ts'
import { openSocket } from '../support/socket-client.ts'

it('[security 40] leaves nothing of an erased player in any table but a nameless id in results', async () => {
  await using server = await runningServer(worldConfig)
  if (server.firstOperator === null) throw new Error('A fresh database has a first operator to be told.')
  const { call, left } = await peopledWorld(server.url, server.firstOperator)
  const [ann, bob] = left.seated
  const [fay] = left.offered
  const as = (token: string) => ({
    get: (path: string) => call(`GET ${path}`, { token }),
    put: (path: string, body: unknown) => call(`PUT ${path}`, { token, body }),
  })
  const kept = async () => [...(await keptRows(server.connection))]
  const naming = (rows: [string, string[]][], ...words: string[]) =>
    rows.flatMap(([table, held]) =>
      held.filter((row) => words.some((word) => row.includes(word))).map((row) => `${table} ${row}`),
    )

  // She is named in everything that there is: her own, a match’s, a server’s, a push, a late report, an answer kept.
  await call('PATCH /players/me', { token: ann.access_token, body: { nick: 'Mirabel Quince' } })
  await as(ann.access_token).put('/players/me/storage/quince/diary', { by: 'Mirabel Quince', id: ann.user_id })
  await call('POST /auth/login', { body: { username: 'left.ann', password: 'wrong' } })
  const line = await openSocket(`${server.url.replace('http', 'ws')}/ws?token=${ann.access_token}`)
  await line.next('welcome')
  const report = (what: string, body: object) =>
    call(`POST /sessions/${left.session}/${what}`, { token: left.report, body })
  const teams = [
    { players: [ann.user_id], rank: 1 },
    { players: [bob.user_id], rank: 2 },
  ]
  expect((await report('result', { teams, stats: { [ann.user_id]: { kills: 3 } } })).status).toBe(200)
  expect((await report('players', { left: [ann.user_id] })).status).toBe(409)
  const rejoin = { queues: ['left'], attributes: { called: 'Mirabel Quince' } }
  const headers = { 'idempotency-key': 'again' }
  expect((await call('POST /matchmaking/entries', { token: ann.access_token, body: rejoin, headers })).status).toBe(201)
  const exported = (await as(ann.access_token).get('/players/me/export')).text
  for (const word of ['Mirabel Quince', 'left.ann', 'quince', left.session]) expect(exported).toContain(word)
  expect(exported).not.toContain(bob.access_token)
  expect(new Set(naming(await kept(), ann.user_id).map((row) => row.split(' ')[0])).size).toBeGreaterThan(8)

  expect((await call('DELETE /players/me', { token: ann.access_token })).status).toBe(204)
  expect((await line.closed).code).toBe(4401)
  const rows = await kept()
  expect(naming(rows, 'Mirabel', 'Quince', 'quince', 'left.ann')).toEqual([])
  // What is left under the id says what was done, not by whom: results, and that somebody was erased.
  const tables = [...new Set(naming(rows, ann.user_id).map((row) => row.split(' ')[0]))].sort()
  expect(tables).toEqual([
    ...['identity_audit', 'identity_ended', 'identity_erased', 'matchmaking_entries', 'matchmaking_matches'],
    ...['profiles_erasures', 'results_events', 'results_players'],
  ])

  // And nobody else has lost anything.
  expect((await as(bob.access_token).get('/players/me')).body.username).toBe('left.bob')
  expect((await as(fay.access_token).get('/matchmaking/entries/me')).body.status).toBe('match_found')
  const board = await call('GET /leaderboards/left')
  expect(JSON.stringify(board.body.rows)).not.toContain(ann.user_id)
  expect(
    (await call('POST /auth/register', { body: { username: 'left.ann', password: 'a phrase of another' } })).status,
  ).toBe(201)
})
