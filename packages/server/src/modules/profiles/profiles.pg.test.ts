import type { PlayerId } from '@muster/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ModuleGround, moduleGround } from '../../../test/support/module-ground.ts'
import { readOptions } from '../../platform/options.ts'
import { profilesOptions } from './config.ts'
import { createProfiles, profilesMigrations } from './index.ts'

describe('stored data', () => {
  let ground: ModuleGround
  let app: Awaited<ReturnType<ModuleGround['serve']>>
  const erased: string[] = []

  const call = (method: 'GET' | 'PUT' | 'DELETE', url: string, as: string, payload?: unknown, headers = {}) =>
    app.inject({
      ...{ method, url },
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json', ...headers },
      ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
    })
  const at = (key: string) => `/players/me/storage/decks/${key}`

  beforeAll(async () => {
    ground = await moduleGround(profilesMigrations)
    const profiles = createProfiles(
      {
        ...ground,
        peopleOf: async (players) =>
          new Map(players.map((id) => [id, { nick: id, guest: false, createdAt: 0, username: null }])),
        rename: async (_, nick) => nick,
        keepers: { names: { exportOf: async (id) => ({ id }), erase: async (_, id) => void erased.push(id) } },
      },
      readOptions(profilesOptions, { objectsMax: 20, objectBytesMax: 100 }, 'test'),
    )
    app = await ground.serve(profiles.routes, {
      player: async (token) => ({
        ...{ kind: 'player', player: `player_${token}` as PlayerId, nick: token, guest: false, login: 'login_1' },
        operator: false,
      }),
    })
  })
  afterAll(() => ground[Symbol.asyncDispose]())

  it('keeps any JSON value, each player’s apart', async () => {
    for (const value of [null, 0, false, '', 'text', [1], { a: { b: 'ü🎲' } }]) {
      const written = await call('PUT', at('any'), 'ann', value)
      expect([200, 201]).toContain(written.statusCode)
      const read = await call('GET', at('any'), 'ann')
      expect(read.json().value).toEqual(value)
      expect(read.headers.etag).toBe(written.headers.etag)
    }
    expect((await call('GET', at('any'), 'bob')).json().code).toBe('OBJECT_NOT_FOUND')
  })

  it('writes over the version that was read, and over no other', async () => {
    const first = await call('PUT', at('v'), 'ann', 1, { 'if-none-match': '*' })
    expect(first.statusCode).toBe(201)
    expect((await call('PUT', at('v'), 'ann', 2, { 'if-none-match': '*' })).statusCode).toBe(412)
    const tag = { 'if-match': first.headers.etag }
    expect((await call('PUT', at('v'), 'ann', 3, tag)).statusCode).toBe(200)
    expect((await call('PUT', at('v'), 'ann', 4, tag)).json().code).toBe('VERSION_CONFLICT')
    expect((await call('DELETE', at('v'), 'ann', undefined, tag)).json().code).toBe('VERSION_CONFLICT')
    expect((await call('DELETE', at('v'), 'ann', undefined, { 'if-match': '*' })).statusCode).toBe(204)
    expect((await call('PUT', at('v'), 'ann', 5, { 'if-match': '*' })).statusCode).toBe(412)
    await call('PUT', at('v'), 'ann', 6)
    expect((await call('PUT', at('v'), 'ann', 7, tag)).statusCode).toBe(412)
    expect((await call('PUT', at('v'), 'ann', 7, { 'if-match': 'W/"1"' })).json().code).toBe('INVALID_REQUEST')
  })

  it('lets one of fifty writers of one version through', async () => {
    const { headers } = await call('PUT', at('race'), 'ann', 0)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, value) => call('PUT', at('race'), 'ann', value, { 'if-match': headers.etag })),
    )
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
  })

  it('has limits that no crowd gets over', async () => {
    expect((await call('PUT', at('big'), 'cat', 'x'.repeat(100))).json().code).toBe('TOO_LARGE')
    const answers = await Promise.all(Array.from({ length: 40 }, (_, key) => call('PUT', at(`k${key}`), 'cat', key)))
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(20)
    expect(answers.filter(({ statusCode }) => statusCode === 409).map((answer) => answer.json().code)).toContain(
      'STORAGE_FULL',
    )
    expect((await call('GET', '/players/me/storage/decks', 'cat')).json().objects).toHaveLength(20)
  })

  it('refuses text and numbers that no store can keep', async () => {
    const answer = await call('PUT', at('nul'), 'ann', { name: 'a\u0000b' })
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, 'body.name'])
    const huge = await app.inject({
      ...{ method: 'PUT', url: at('huge'), payload: '{"gold":1e999}' },
      headers: { authorization: 'Bearer ann', 'content-type': 'application/json' },
    })
    expect([huge.statusCode, huge.json().errors[0].field]).toEqual([400, 'body.gold'])
  })

  it('exports all of it, and erases all of it', async () => {
    const exported = (await call('GET', '/players/me/export', 'cat')).json()
    expect(exported).toMatchObject({ format: 'muster.player/1', names: { id: 'player_cat' } })
    expect(exported.storage).toHaveLength(20)
    expect((await call('DELETE', '/players/me', 'cat')).statusCode).toBe(204)
    expect(erased).toEqual(['player_cat'])
    expect((await call('GET', '/players/me/storage/decks', 'cat')).json().objects).toEqual([])
  })
})
