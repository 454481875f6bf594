import { expect } from 'vitest'
import { code, type OpenApiCaller, text } from './openapi-caller.ts'

/** Calls every route of private games well, refused and with bad input. `elsewhere` is somebody who plays in none. */
export async function callGames(api: OpenApiCaller, elsewhere: string): Promise<void> {
  const [host, friend] = [
    await api.call('POST /auth/guest', { body: {} }),
    await api.call('POST /auth/guest', { body: {} }),
  ]
  const [hosts, friends] = [text(host, 'access_token'), text(friend, 'access_token')]
  const made = await api.call('POST /games', { token: hosts, body: { mode: 'friends', settings: { map: 'cave' } } })
  expect(made.status).toBe(201)
  const passcode = text(made, 'passcode')
  expect(code(await api.call('POST /games', { token: hosts, body: { mode: 'arena' } }))).toEqual([
    404,
    'MODE_NOT_FOUND',
  ])
  expect(code(await api.call('POST /games', { token: hosts, body: { mode: '' } }))).toEqual([400, 'INVALID_REQUEST'])
  expect((await api.call(`GET /join/${passcode}`)).body).toMatchObject({ players: 1, open: true })
  expect(code(await api.call('GET /join/nosuchcode'))).toEqual([404, 'GAME_NOT_FOUND'])
  expect(code(await api.call(`GET /join/${'x'.repeat(33)}`))).toEqual([400, 'INVALID_REQUEST'])
  const join = (body: object) => api.call('POST /games/join', { token: friends, body })
  expect((await join({ passcode })).body).toMatchObject({ game_id: text(made, 'game_id'), role: 'player' })
  expect(code(await join({ passcode: 'wrong' }))).toEqual([404, 'GAME_NOT_FOUND'])
  expect(code(await join({}))).toEqual([400, 'INVALID_REQUEST'])
  expect((await api.call('GET /games/me', { token: friends })).status).toBe(200)
  expect(code(await api.call('GET /games/me', { token: elsewhere }))).toEqual([404, 'GAME_NOT_FOUND'])
  expect((await api.call('DELETE /games/me', { token: friends })).status).toBe(204)
  expect(code(await api.call('DELETE /games/me', { token: friends }))).toEqual([404, 'GAME_NOT_FOUND'])
  expect((await join({ passcode })).status).toBe(200)
  const game = `/games/${text(made, 'game_id')}`
  for (const [token, status] of [
    [friends, 403],
    [elsewhere, 404],
    [hosts, 200],
  ] as const) {
    expect((await api.call(`PATCH ${game}`, { token, body: { door: 'closed' } })).status).toBe(status)
  }
  expect(code(await api.call(`PATCH ${game}`, { token: hosts, body: { door: 'ajar' } }))).toEqual([
    400,
    'INVALID_REQUEST',
  ])
  const kick = (body: object) => api.call(`POST ${game}/kick`, { token: hosts, body })
  expect(code(await kick({ player_id: 'player_none' }))).toEqual([404, 'PLAYER_NOT_FOUND'])
  expect(code(await kick({ player_id: text(host, 'user_id') }))).toEqual([400, 'INVALID_REQUEST'])
  expect((await kick({ player_id: text(friend, 'user_id') })).status).toBe(204)
  expect((await kick({ player_id: text(friend, 'user_id') })).status).toBe(204)
  expect(code(await join({ passcode }))).toEqual([403, 'KICKED'])
  expect(code(await api.call(`DELETE ${game}`, { token: friends }))).toEqual([404, 'GAME_NOT_FOUND'])
  expect((await api.call(`DELETE ${game}`, { token: hosts })).status).toBe(204)
  expect(code(await api.call(`DELETE ${game}`, { token: hosts }))).toEqual([404, 'GAME_NOT_FOUND'])
  expect(code(await api.call('DELETE /games/x', { token: hosts }))).toEqual([400, 'INVALID_REQUEST'])
}
