import type { FieldComplaint } from '@muster/protocol'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifySchemaCompiler } from 'fastify'
import { complaintsOf } from './problem.ts'

const options = {
  ...{ allErrors: true, removeAdditional: false, useDefaults: false, strict: false },
  // Complaints tell what a field is meant to be, in the schema's own words.
  verbose: true,
  // Of a message that names its type, only what is wrong with that type of message is told.
  discriminator: true,
} as const
const withFormats = (ajv: Ajv) => addFormats.default(ajv, ['date-time'])

/** Bodies are taken as they are; addresses and headers are text, so there numbers and booleans are read from it. */
const bodies = withFormats(new Ajv({ ...options, coerceTypes: false }))
const texts = withFormats(new Ajv({ ...options, coerceTypes: true }))

export const validatorOf: FastifySchemaCompiler<object> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? bodies : texts).compile(schema)

/** Checks what came otherwise than as a body, over a socket say, by the same rules. Answers what is wrong with it. */
export function checkerOf(schema: object, within: string): (value: unknown) => FieldComplaint[] {
  const check = bodies.compile(schema)
  return (value) => (check(value) ? [] : complaintsOf(check.errors ?? [], within))
}
