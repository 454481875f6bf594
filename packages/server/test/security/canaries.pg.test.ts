import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLog } from '../../src/platform/log.ts'
import { everyContract, lineOf } from '../support/every-contract.ts'
import { keptRows } from '../support/kept-rows.ts'
import { peopledWorld, type World, worldConfig } from '../support/peopled-world.ts'
import { type RunningTestServer, runningServer } from '../support/running-server.ts'
import { openSocket } from '../support/socket-client.ts'
import { roles } from './roles.ts'
import { pathOf, routeRows } from './route-rows.ts'

const canary = 'canary-in-a-cage'

/** Everything in the world that opens something. */
function secretsOf(world: World, operatorPassword: string): string[] {
  const { left, right, operator, keys } = world
  const people = [operator, ...[left, right].flatMap(({ seated, offered }) => [...seated, ...offered])]
  return [
    ...people.flatMap(({ access_token, refresh_token }) => [access_token, refresh_token, refresh_token.slice(-43)]),
    ...[left, right].flatMap(({ ticket, ticketKey, report, key }) => [ticket, ticketKey, report, key.secret]),
    ...Object.values(keys).map(({ secret }) => secret),
    ...['a phrase that nobody guesses', 'another phrase that nobody guesses', operatorPassword],
  ]
}

describe('secrets', () => {
  const lines: string[] = []
  let server: RunningTestServer
  let world: World
  let secrets: string[]

  beforeAll(async () => {
    const log = createLog({ level: 'trace', pretty: false }, { write: (line: string) => void lines.push(line) })
    server = await runningServer(worldConfig, log)
    if (server.firstOperator === null) throw new Error('A fresh database has a first operator to be told.')
    world = await peopledWorld(server.url, server.firstOperator)
    secrets = secretsOf(world, server.firstOperator.password)
    expect(secrets.length).toBeGreaterThan(30)
    expect(new Set(secrets.map((secret) => secret.length > 12))).toEqual(new Set([true]))
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('[security 19] are in no line of the log, after every call as every role, and with canaries everywhere', async () => {
    for (const contract of everyContract) {
      const row = routeRows[lineOf(contract)] ?? {}
      const line = `${contract.method} ${pathOf(contract.path, row, world, world.left)}`
      if (row.endsThing === true || row.endsCaller === true) continue
      for (const role of roles) {
        const token = await role.token(world, row)
        await world.call(line, { token, body: row.body?.(world, world.left) })
      }
      const joint = line.includes('?') ? '&' : '?'
      const strange = { password: canary, token: canary, nested: { ticket: canary, authorization: canary } }
      await world.call(`${line}${joint}token=${canary}&access_token=${canary}`, {
        ...{
          token: `${canary}.${canary}`,
          headers: { cookie: canary, 'x-api-key': canary, 'idempotency-key': canary },
        },
        body: contract.method === 'GET' ? undefined : strange,
      })
      await world.call(line, { text: contract.method === 'GET' ? undefined : `{"password":"${canary}` })
    }
    await world.call('POST /auth/login', { body: { username: canary, password: canary } })
    const socket = server.url.replace('http', 'ws')
    const inAddress = await openSocket(`${socket}/ws?token=${world.left.seated[0].access_token}`)
    await inAddress.next('welcome')
    await inAddress.ask('match_accept', { match_id: canary, token: canary })
    inAddress.sendText(`{"event":"authenticate","data":{"token":"${canary}`)
    await inAddress.close()
    const bad = await openSocket(`${socket}/ws?token=${canary}`)
    await bad.closed

    const said = lines.join('\n')
    expect(lines.filter((line) => line.includes('"answered"')).length).toBeGreaterThan(300)
    expect(said).not.toContain(canary)
    expect(secrets.filter((secret) => said.includes(secret))).toEqual([])
  })

  it('[security 17] are in no row of the database: whoever has a dump of it can use nothing', async () => {
    const kept = [...(await keptRows(server.connection)).values()].flat().join('\n')
    // As text, and as the database shows bytes.
    const hex = (secret: string) => Buffer.from(secret).toString('hex')
    expect(kept).toContain(world.keys.service.id)
    expect(secrets.filter((secret) => kept.includes(secret) || kept.includes(hex(secret)))).toEqual([])
    expect(kept).not.toContain(canary)
    expect(secrets.filter((secret) => /^[0-9a-f]{64}$/.test(secret) && kept.includes(`\\\\x${secret}`))).toEqual([])
  })

  it('[security 18] have no place in an address: no path and no query names one', () => {
    const named = everyContract.flatMap((contract) => {
      const query = (contract.query as { properties?: object } | undefined)?.properties ?? {}
      return [...contract.path.matchAll(/:(\w+)/g)].map(([, name]) => name).concat(Object.keys(query))
    })
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((name) => /token|secret|password|ticket|key_|credential|signature/i.test(name ?? ''))).toEqual(
      [],
    )
  })
})
