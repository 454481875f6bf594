import { describe, expect, it } from 'vitest'
import { identityGround } from '../../../test/support/identity-ground.ts'

const limits = {
  ...{ signInPairMax: 5, signInPairS: 30, signInAddressMax: 100, signInAddressS: 300 },
  ...{ signInNameMax: 20, signInNameS: 900 },
}
const home = '192.0.2.10'

async function attacked() {
  const ground = await identityGround(limits)
  await ground.register('victim', 'correct horse staple', { address: home })
  const guess = (address: string, username = 'victim') =>
    ground.ask('POST /auth/login', { body: { username, password: 'a wrong guess' }, address })
  const enter = async (address: string) =>
    (await ground.ask('POST /auth/login', { body: { username: 'victim', password: 'correct horse staple' }, address }))
      .status
  return { ...ground, guess, enter, [Symbol.asyncDispose]: () => ground[Symbol.asyncDispose]() }
}

describe('guessing', () => {
  it('[security 12] gets few tries from one address, and the owner gets in from theirs', async () => {
    await using ground = await attacked()
    const answers = await Promise.all(Array.from({ length: 200 }, () => ground.guess('198.51.100.1')))
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
    const refused = answers.filter(({ status }) => status === 429)
    expect([refused.length, refused[0]?.code]).toEqual([195, 'RATE_LIMITED'])
    expect(Number(refused[0]?.headers['retry-after'])).toBeLessThanOrEqual(30)
    expect(await ground.enter(home)).toBe(200)
    expect(await ground.enter('203.0.113.5')).toBe(200)
  })
  it('[security 12] gets few tries from a thousand addresses, and the owner gets in from home', async () => {
    await using ground = await attacked()
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => ground.guess(`198.51.${100 + (at >> 6)}.${at & 63}`)),
    )
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(20)
    expect(await ground.enter(home)).toBe(200)
    expect(await ground.enter('203.0.113.5')).toBe(429)
    await ground.ground.clock.advance(900_000)
    expect(await ground.enter('203.0.113.5')).toBe(200)
  })
  it('[security 12] from the owner’s own address delays the owner by half a minute at most', async () => {
    await using ground = await attacked()
    await Promise.all(Array.from({ length: 50 }, () => ground.guess(home)))
    expect(await ground.enter(home)).toBe(429)
    await ground.ground.clock.advance(30_000)
    expect(await ground.enter(home)).toBe(200)
  })
  it('at many accounts is held up by the address, over a whole IPv6 network', async () => {
    await using ground = await attacked()
    const answers = await Promise.all(
      Array.from({ length: 130 }, (_, at) => ground.guess(`2001:db8:1:2::${at}`, `somebody${at}`)),
    )
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(100)
    expect((await ground.guess('2001:db8:1:3::1', 'somebody1')).status).toBe(401)
  })
  it('[security 12] gets no more tries for going round the nodes, and the owner gets in at each', async () => {
    await using ground = await attacked()
    const apps = [ground.app]
    for (const { routes, authenticators } of [await ground.anotherNode(), await ground.anotherNode()]) {
      apps.push(await ground.ground.serve(routes, authenticators))
    }
    const at = async (node: number, remoteAddress: string, password: string) => {
      const payload = { username: 'victim', password }
      return (await apps[node % 3]?.inject({ method: 'POST', url: '/auth/login', remoteAddress, payload }))?.statusCode
    }
    const tries = Array.from({ length: 1_000 }, (_, one) => at(one, `198.51.${one >> 8}.${one & 255}`, 'a wrong guess'))
    const statuses = await Promise.all(tries)
    expect(statuses.filter((status) => status === 401)).toHaveLength(20)
    expect(statuses.filter((status) => status === 429)).toHaveLength(980)
    for (const node of apps.keys()) expect(await at(node, home, 'correct horse staple')).toBe(200)
    for (const app of apps.slice(1)) await app.close()
  })
  it('[security 13] is throttled alike for names that do not exist', async () => {
    await using ground = await attacked()
    const statuses = async (name: string) =>
      (await Promise.all(Array.from({ length: 10 }, () => ground.guess('198.51.100.1', name)))).map(
        ({ status }) => status,
      )
    expect((await statuses('nobody')).sort()).toEqual((await statuses('victim')).sort())
  })
  it('the current password counts as guessing, signing in rightly does not', async () => {
    await using ground = await attacked()
    const tokens = await ground.login('victim', 'correct horse staple', { address: home })
    for (let time = 0; time < 20; time++) expect(await ground.enter(home)).toBe(200)
    const change = () =>
      ground.ask('POST /auth/password', {
        ...{ token: tokens.access_token, address: '198.51.100.1' },
        body: { current_password: 'a wrong guess', new_password: 'a phrase of my own' },
      })
    const statuses = []
    for (let time = 0; time < 6; time++) statuses.push((await change()).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  })
})

describe('making players', () => {
  it('is limited for one address', async () => {
    await using ground = await identityGround({ registrationsPerMinute: 2, guestsPerMinute: 3 })
    const guests = await Promise.all(Array.from({ length: 5 }, () => ground.ask('POST /auth/guest', { body: {} })))
    expect(guests.map(({ status }) => status).sort()).toEqual([201, 201, 201, 429, 429])
    const body = (at: number) => ({ username: `maker${at}`, password: 'correct horse staple' })
    const made = await Promise.all([0, 1, 2].map((at) => ground.ask('POST /auth/register', { body: body(at) })))
    expect(made.map(({ status }) => status).sort()).toEqual([201, 201, 429])
    expect((await ground.ask('POST /auth/guest', { body: {}, address: '198.51.100.7' })).status).toBe(201)
  })
  it('[security 14] answers BUSY, with a time to come back, where too many wait to be hashed', async () => {
    await using ground = await identityGround({ hashesWaitingMax: 3 })
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        ground.ask('POST /auth/register', { body: { username: `crowd${at}`, password: 'correct horse staple' } }),
      ),
    )
    const busy = answers.filter(({ code }) => code === 'BUSY')
    expect(busy.length).toBeGreaterThan(0)
    expect([busy[0]?.status, busy[0]?.headers['retry-after']]).toEqual([503, '2'])
    expect(answers.filter(({ status }) => status === 201).length).toBe(30 - busy.length)
  })
})
