import { expect, it } from 'vitest'
import { createLog } from '../../src/platform/log.ts'
import { httpCaller } from '../support/http-caller.ts'
import { runningServer } from '../support/running-server.ts'

it('[security 20] makes everything secret anew at each first start: no two have anything in common', async () => {
  await using one = await runningServer({})
  await using other = await runningServer({})
  const [first, second] = [one.firstOperator, other.firstOperator]
  expect(first?.password.length).toBeGreaterThanOrEqual(16)
  expect(first?.password).not.toBe(second?.password)
  const keysOf = async (url: string) =>
    (await httpCaller(url)('GET /.well-known/jwks.json')).body.keys as unknown as { x: string }[]
  const published = [...(await keysOf(one.url)), ...(await keysOf(other.url))].map(({ x }) => x)
  expect(new Set(published).size).toBe(published.length)
  const login = (url: string, username: string, password: string) =>
    httpCaller(url)('POST /auth/login', { body: { username, password } })
  for (const name of ['operator', 'admin', 'root', 'muster', 'postgres']) {
    for (const password of [name, 'password', 'admin', 'changeme', second?.password ?? '']) {
      expect([401, 429]).toContain((await login(one.url, name, password)).status)
    }
  }
  const token = String((await login(other.url, 'operator', second?.password ?? '')).body.access_token)
  expect((await httpCaller(one.url)('GET /keys', { token })).status).toBe(401)
  expect((await httpCaller(other.url)('GET /keys', { token })).status).toBe(200)
})

it('[security 21] listens to this machine alone unless told, and says so where others could listen in', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'warn', pretty: false }, { write: (line: string) => void lines.push(line) })
  {
    await using usual = await runningServer({}, log)
    expect(new URL(usual.url).hostname).toBe('127.0.0.1')
  }
  const warned = () => lines.filter((line) => line.includes('TLS')).length
  expect(warned()).toBe(0)
  {
    await using open = await runningServer({}, log, { host: '0.0.0.0' })
    expect(open.url).toMatch(/^http:/)
  }
  expect(warned()).toBe(1)
  await using behindProxy = await runningServer({}, log, { host: '0.0.0.0', publicUrl: 'https://muster.example' })
  expect([behindProxy.url, warned()]).toEqual(['https://muster.example', 1])
})

it('[security 14] answers others while a flood of passwords waits to be hashed', async () => {
  await using server = await runningServer({ identity: { signInAddressMax: 100_000, hashesWaitingMax: 40 } })
  const call = httpCaller(server.url)
  let underWay = 120
  const flood = Array.from({ length: underWay }, async (_, at) => {
    const answer = await call('POST /auth/login', { body: { username: `nobody${at}`, password: 'a wrong guess' } })
    underWay--
    return answer
  })
  await Promise.race(flood)
  for (let time = 0; time < 10; time++) expect((await call('GET /queues')).status).toBe(200)
  // The other way round it would be over before anybody else got a word in.
  expect(underWay).toBeGreaterThan(0)
  const answers = await Promise.all(flood)
  const busy = answers.filter(({ code }) => code === 'BUSY')
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 503]))
  expect(Number(busy[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
})
