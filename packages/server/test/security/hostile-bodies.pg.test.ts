import type { Contract } from '@muster/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkerOf } from '../../src/platform/http/validation.ts'
import { everyContract, lineOf } from '../support/every-contract.ts'
import { peopledWorld, type World, worldConfig } from '../support/peopled-world.ts'
import { type RunningTestServer, runningServer } from '../support/running-server.ts'
import { roles, verdictOf } from './roles.ts'
import { pathOf, type RouteRow, routeRows } from './route-rows.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** Where a body may hold names of the caller's own: by call, and by place in it. */
const open = new Set([
  'PUT /players/me/storage/:collection/:key body',
  'PUT /players/me/storage/:collection/:key body.cards.1',
  'POST /matchmaking/entries body.attributes',
  'POST /sessions/:id/started body.settings',
  'POST /games body.settings',
])

/** Every object in a body, by its place, with a copy of the whole in which that object alone is changed. */
function* objectsIn(
  body: Json,
  place = 'body',
): Generator<{ place: string; withMore(name: string, value: Json): Json }> {
  if (typeof body !== 'object' || body === null) return
  if (!Array.isArray(body)) yield { place, withMore: (name, value) => ({ ...body, [name]: value }) }
  for (const [name, held] of Object.entries(body)) {
    for (const inner of objectsIn(held, `${place}.${name}`)) {
      yield {
        place: inner.place,
        withMore: (more, value) => {
          const copy = (Array.isArray(body) ? [...body] : { ...body }) as Record<string, Json>
          copy[name] = inner.withMore(more, value)
          return copy as Json
        },
      }
    }
  }
}

const bodied = everyContract.filter((contract) => contract.body !== undefined)

describe('a body that brings more than the call takes', () => {
  let server: RunningTestServer
  let world: World

  beforeAll(async () => {
    server = await runningServer(worldConfig)
    if (server.firstOperator === null) throw new Error('A fresh database has a first operator to be told.')
    world = await peopledWorld(server.url, server.firstOperator)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const rowOf = (contract: Contract): RouteRow => routeRows[lineOf(contract)] ?? {}
  const bodyOf = (contract: Contract) => rowOf(contract).body?.(world, world.left) as Json
  async function send(contract: Contract, body: Json | { text: string }) {
    const row = rowOf(contract)
    const role = roles.find((one) => verdictOf(one, contract, row, 'left') === 'passes')
    const asked = typeof body === 'object' && body !== null && 'text' in body ? { text: String(body.text) } : { body }
    const path = pathOf(contract.path, row, world, world.left)
    return world.call(`${contract.method} ${path}`, { token: await role?.token(world, row), ...asked })
  }

  it('[security 3] is tried on a good body of every call that takes one', () => {
    expect(bodied.length).toBeGreaterThan(15)
    for (const contract of bodied) {
      if (contract.body === undefined) continue
      expect(checkerOf(contract.body, 'body')(bodyOf(contract)), lineOf(contract)).toEqual([])
    }
  })

  it('[security 3] is refused, wherever in it the unknown field stands', async () => {
    const complaints: string[] = []
    const taken: string[] = []
    for (const contract of bodied) {
      for (const { place, withMore } of objectsIn(bodyOf(contract))) {
        const at = `${lineOf(contract)} ${place}`
        const { status, text } = await send(contract, withMore('operator', true))
        if (open.has(at) ? status >= 500 : status !== 400) complaints.push(`${at}: ${status} ${text}`)
        if (status !== 400) taken.push(at)
      }
    }
    expect(complaints).toEqual([])
    expect(taken.filter((at) => !open.has(at))).toEqual([])
  })

  it('[security 30] reaches no prototype, wherever in it the name stands', async () => {
    const complaints: string[] = []
    let tried = 0
    for (const contract of bodied) {
      for (const { place, withMore } of objectsIn(bodyOf(contract))) {
        const at = `${lineOf(contract)} ${place}`
        const poisoned = JSON.stringify(withMore('PLACEHOLDER', { operator: true, scopes: ['operator'] }))
        const names = ['__proto__', '\\u005f\\u005fproto__']
        for (const name of names) {
          const { status, text } = await send(contract, { text: poisoned.replace('PLACEHOLDER', name) })
          if (status !== 400) complaints.push(`${at}, ${name}: ${status} ${text}`)
          tried++
        }
        const { status, text } = await send(contract, withMore('constructor', { prototype: { operator: true } }))
        if (status !== 400) complaints.push(`${at}, constructor: ${status} ${text}`)
      }
    }
    expect(tried).toBeGreaterThan(40)
    expect(complaints).toEqual([])
    const plain = {} as Record<string, unknown>
    expect([plain.operator, plain.scopes]).toEqual([undefined, undefined])
  })
})

describe('[security 3] what a call answers', () => {
  /** Objects of a schema that take any name, by their place. */
  function* openIn(schema: unknown, place: string): Generator<string> {
    if (typeof schema !== 'object' || schema === null) return
    const { type, additionalProperties, patternProperties } = schema as Record<string, unknown>
    if (type === 'object' && additionalProperties !== false && patternProperties === undefined) yield place
    for (const [name, inner] of Object.entries(schema)) {
      if (name !== 'additionalProperties') yield* openIn(inner, `${place}.${name}`)
    }
  }

  it('is named field by field, but for a player’s own export', () => {
    const found = everyContract.flatMap((contract) => [...openIn(contract.answers, lineOf(contract))])
    expect(found).toEqual(['GET /players/me/export.200'])
  })
})
