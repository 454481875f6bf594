import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everyContract, lineOf } from '../support/every-contract.ts'
import type { HttpAnswer } from '../support/http-caller.ts'
import { keptRows } from '../support/kept-rows.ts'
import { peopledWorld, type World, worldConfig } from '../support/peopled-world.ts'
import { type RunningTestServer, runningServer } from '../support/running-server.ts'
import { type Role, roles, useless, type Verdict, verdictOf } from './roles.ts'
import { pathOf, type RouteRow, routeRows } from './route-rows.ts'

const sides = ['left', 'right'] as const

interface Cell {
  contract: (typeof everyContract)[number]
  row: RouteRow
  role: Role
  side: (typeof sides)[number]
  verdict: Verdict
}

/** Every call, as every role, at what is on either side. */
const cells: Cell[] = everyContract.flatMap((contract) => {
  const row = routeRows[lineOf(contract)]
  if (row === undefined) return []
  return roles.flatMap((role) =>
    sides.map((side) => ({ contract, row, role, side, verdict: verdictOf(role, contract, row, side) })),
  )
})

/** What the sweeps and the launcher change by themselves, and the guests who were made to be refused. */
const restless = new Set([
  ...['fleet_nodes', 'fleet_sweeps', 'fleet_processes'],
  ...['identity_players', 'identity_logins', 'identity_audit'],
])

describe('every call, as every role, at another’s things', () => {
  let server: RunningTestServer
  let world: World

  beforeAll(async () => {
    server = await runningServer(worldConfig)
    if (server.firstOperator === null) throw new Error('A fresh database has a first operator to be told.')
    world = await peopledWorld(server.url, server.firstOperator)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  async function answerTo({ contract, row, role, side }: Cell): Promise<HttpAnswer> {
    const { body } = row
    return world.call(`${contract.method} ${pathOf(contract.path, row, world, world[side])}`, {
      token: await role.token(world, row),
      body: body?.(world, world[side]),
    })
  }

  function complaintOf({ role, row, side, verdict, contract }: Cell, { status, code, text }: HttpAnswer): string[] {
    const said = `${role.name}, ${lineOf(contract)} on the ${side}: ${verdict}, but ${status} ${text}`
    if (verdict === 'passes') {
      const gone = status === 404 && row.endsThing !== true && row.thing !== undefined
      // A wrong refresh token is itself UNAUTHENTICATED; who calls with it is nobody in any case.
      const refused = code === 'FORBIDDEN' || (code === 'UNAUTHENTICATED' && !contract.who.includes('anyone'))
      return refused || gone || status >= 500 ? [said] : []
    }
    if (verdict === 'is not let in') {
      return status === (role.is.length === 1 ? 401 : 403) ? [] : [said]
    }
    return status === 403 || status === 404 || code === row.otherwise ? [] : [said]
  }

  async function complaintsOf(asked: Cell[]): Promise<string[]> {
    const complaints: string[] = []
    for (const cell of asked) complaints.push(...complaintOf(cell, await answerTo(cell)))
    return complaints
  }

  it('[security 2] has a row for each call that the server answers, and for nothing else', async () => {
    const body: unknown = (await world.call('GET /openapi.json')).body
    const { paths } = body as { paths: Record<string, Record<string, { tags?: string[] }>> }
    // What operations ask needs no role, and has no contract; a socket is no call.
    const answered = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { tags }]) => path !== '/ws' && tags?.includes('operations') !== true)
        .map(([method]) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    )
    expect(answered.length).toBeGreaterThan(40)
    expect(Object.keys(routeRows).sort()).toEqual(answered.sort())
    expect(everyContract.map(lineOf).sort()).toEqual(answered)
  })

  /** Times move by themselves: sweeps note when they are to look again, keys when they were used. */
  async function lasting(): Promise<Record<string, string>> {
    const kept = [...(await keptRows(server.connection))].filter(([table]) => !restless.has(table))
    return Object.fromEntries(
      kept.map(([table, rows]) => [table, rows.map((row) => row.replace(/\b1\d{12}\b/g, 'time')).join('\n')]),
    )
  }

  it('[security 1] [security 2] refuses who is not let in, and whose thing it is not, and has changed nothing', async () => {
    const refused = cells.filter(({ verdict }) => verdict !== 'passes')
    expect(refused.length).toBeGreaterThan(400)
    const others = refused.filter(({ verdict }) => verdict === 'may not have it')
    expect(others.length).toBeGreaterThan(40)
    const before = await lasting()
    expect(await complaintsOf(refused)).toEqual([])
    const after = await lasting()
    for (const [table, rows] of Object.entries(before)) expect(after[table], table).toBe(rows)
  })

  it('[security 6] takes no token for another kind, and none that was made up, at any call', async () => {
    const complaints: string[] = []
    for (const contract of everyContract) {
      const row = routeRows[lineOf(contract)] ?? {}
      for (const one of useless) {
        const path = pathOf(contract.path, row, world, world.left)
        const token = await one.token(world, row)
        const { status, text } = await world.call(`${contract.method} ${path}`, {
          token,
          body: row.body?.(world, world.left),
        })
        if (status !== 401) complaints.push(`${one.name}, ${lineOf(contract)}: ${status} ${text}`)
      }
    }
    expect(complaints).toEqual([])
  })

  it('[security 1] lets pass whoever may, at what is theirs', async () => {
    const passing = cells.filter(({ verdict }) => verdict === 'passes')
    expect(passing.length).toBeGreaterThan(200)
    const last = ({ row }: Cell) => row.endsThing === true
    expect(await complaintsOf(passing.filter((cell) => !last(cell)))).toEqual([])
    expect(await complaintsOf(passing.filter(last))).toEqual([])
  })
})
