import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HttpGround, httpGround } from '../../../test/support/http-ground.ts'

interface Described {
  summary: string
  operationId: string
  tags: string[]
  security: Record<string, unknown>[]
  parameters?: { in: string; name: string; required?: boolean; schema: object }[]
  requestBody?: { required?: boolean; content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: Record<string, unknown> }> }>
}

describe('the OpenAPI document', () => {
  let ground: HttpGround
  let document: { openapi: string; paths: Record<string, Record<string, Described>> }
  beforeEach(async () => {
    ground = await httpGround()
    document = JSON.parse(JSON.stringify(ground.server.fastify.swagger()))
  })
  afterEach(() => ground.server.close())

  it('is one, by version 3.1', async () => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate(document)
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(validator.version).toBe('3.1')
    expect(document.openapi).toBe('3.1.0')
  })

  it('has every call under its path, with its parameters', () => {
    expect(
      Object.entries(document.paths).flatMap(([path, all]) => Object.keys(all).map((one) => `${one} ${path}`)),
    ).toEqual([
      ...[
        'get /ws',
        'post /items',
        'get /items',
        'patch /items/{id}',
        'get /items/latest',
        'post /fail',
        'post /say',
        'post /nudge',
      ],
      ...['get /much', 'get /wait'],
    ])
    expect(document.paths['/items/{id}']?.patch).toMatchObject({
      operationId: 'patchItemsId',
      security: [{ report: [] }],
      parameters: [{ in: 'path', name: 'id', required: true }],
    })
    expect(document.paths['/items']?.get?.parameters?.map(({ in: place, name }) => `${place} ${name}`)).toEqual([
      ...['query limit', 'query open'],
    ])
    expect(document.paths['/items']?.get?.security).toEqual([{ player: [] }])
    expect(document.paths['/items']?.post?.security).toEqual([{}])
  })

  it('says what is sent and answered, refusals by their codes', () => {
    const make = document.paths['/items']?.post
    expect(make?.requestBody?.content['application/json']?.schema).toMatchObject({ additionalProperties: false })
    expect(make?.responses['201']?.content?.['application/json']?.schema).toMatchObject({ type: 'object' })
    expect(make?.responses['400']?.description).toBe('INVALID_REQUEST')
    expect(make?.responses['429']).toMatchObject({ headers: { 'retry-after': { schema: { type: 'integer' } } } })
    expect(make?.responses['413']?.content).toHaveProperty(['application/problem+json'])
    expect(make?.responses['401']).toBeDefined()
    expect(document.paths['/fail']?.post?.responses['403']?.description).toBe('FORBIDDEN')
  })

  it('answers nothing with a status that has no body', () => {
    expect(document.paths['/items/{id}']?.patch?.responses['204']).toEqual({ description: 'Done' })
  })

  it('has schemas that compile, and that real problems fit', async () => {
    const ajv = new Ajv2020({ strict: false })
    for (const all of Object.values(document.paths)) {
      for (const { responses } of Object.values(all)) {
        for (const { content } of Object.values(responses)) {
          for (const { schema } of Object.values(content ?? {})) ajv.compile(schema)
        }
      }
    }
    const refused = await ground.post({ word: 7, more: 1 })
    const schema = document.paths['/items']?.post?.responses['400']?.content?.['application/problem+json']?.schema
    expect(ajv.validate(schema as object, refused.body)).toBe(true)
  })
})
