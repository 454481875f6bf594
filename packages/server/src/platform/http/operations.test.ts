import fastifySwagger from '@fastify/swagger'
import { fastify } from 'fastify'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { mountOperations } from './operations.ts'

const app = fastify()
beforeEach(async () => {
  await app.register(fastifySwagger)
  mountOperations(app, createMetrics({ process: false }), { serving: true, checks: {} }, '1.2.3')
})
afterEach(() => app.close())

it('the root says what answers here, and where to go on', async () => {
  const answer = await app.inject('/')
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8'])
  expect(answer.json()).toMatchObject({ name: 'Muster', version: '1.2.3', calls: '/openapi.json' })
  const links = Object.values<string>(answer.json()).filter((value) => value.startsWith('/'))
  expect(links).toHaveLength(4)
  for (const link of links) expect((await app.inject(link)).statusCode, link).toBe(200)
})
