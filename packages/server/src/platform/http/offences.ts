import type { FieldComplaint } from '@muster/protocol'
import type { FastifyRequest } from 'fastify'
import { complaintsOf } from './problem.ts'
import { unstorableTexts } from './text.ts'

const parts = { params: 'params', body: 'body', querystring: 'query', headers: 'headers' } as const

/** Everything that is wrong with a request, in whichever part of it. Fastify itself stops at the first part. */
export function offencesIn(request: FastifyRequest): FieldComplaint[] {
  const shapes = Object.entries(parts).flatMap(([part, name]) => {
    const validate = request.getValidationFunction(part as keyof typeof parts)
    if (validate === undefined || validate(request[name] ?? null) === true) return []
    return complaintsOf(validate.errors ?? [], name)
  })
  const complained = new Set(shapes.map(({ field }) => field))
  const texts = [...unstorableTexts(request.body, 'body'), ...unstorableTexts(request.query, 'query')]
  return [...shapes, ...texts.filter(({ field }) => !complained.has(field))]
}
