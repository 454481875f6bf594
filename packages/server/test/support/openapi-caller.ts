import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

interface Operation {
  operationId: string
  parameters?: { in: string; name: string }[]
  requestBody?: unknown
  security?: Record<string, unknown>[]
  responses: Record<string, { content?: Record<string, { schema: object }>; description: string }>
}

export interface OpenApiDocument {
  openapi: string
  paths: Record<string, Record<string, Operation>>
}

export interface Answer {
  status: number
  // Whatever the call answers; each test reads what it expects.
  body: Record<string, never> & Record<string, unknown>
  headers: Headers
}

export interface CallOptions {
  token?: string
  body?: unknown
  headers?: Record<string, string>
}

/** Calls a server, and holds each answer to what its OpenAPI document says of that operation and status. */
export async function openApiCaller(url: string) {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }), ['date-time'])
  const seen = new Map<string, Set<'good' | 'refused' | 'bad'>>()
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )

  function operationOf(method: string, path: string) {
    const given = path.split('?')[0]?.split('/') ?? []
    const fits = (pattern: string) => {
      const wanted = pattern.split('/')
      return wanted.length === given.length && wanted.every((part, at) => part.startsWith('{') || part === given[at])
    }
    const found = operations
      .filter((one) => one.method === method && fits(one.path))
      .sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0]
    if (found === undefined) throw new Error(`${method} ${path} is not in the OpenAPI document.`)
    return found
  }

  return {
    document,
    operations,
    /** Which kinds of call each operation has had: a good one, a refused one, bad input. */
    seen,
    async call(line: string, options: CallOptions = {}): Promise<Answer> {
      const [method = '', path = ''] = line.split(' ')
      const { operation } = operationOf(method, path)
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
      })
      const text = await response.text()
      const type = response.headers.get('content-type')?.split(';')[0] ?? ''
      const body = text === '' ? undefined : type === 'text/plain' ? text : JSON.parse(text)
      const described = operation.responses[String(response.status)]
      if (described === undefined) {
        throw new Error(`${line} answered ${response.status}, which its document does not know: ${text}`)
      }
      const schema = described.content?.[type]?.schema
      if (schema === undefined && body !== undefined) throw new Error(`${line} answered ${type}: not in its document.`)
      if (schema !== undefined && !ajv.validate(schema, body)) {
        throw new Error(`${line} ${response.status}: ${ajv.errorsText()} in ${text}`)
      }
      const kind = response.ok ? 'good' : body?.code === 'INVALID_REQUEST' ? 'bad' : 'refused'
      const kinds = seen.get(operation.operationId) ?? new Set()
      seen.set(operation.operationId, kinds.add(kind))
      return { status: response.status, body, headers: response.headers }
    },
  }
}

export type OpenApiCaller = Awaited<ReturnType<typeof openApiCaller>>

/** What an answer says under a name. */
export const text = (answer: Answer, name: string): string => String(answer.body[name])
export const code = ({ status, body }: Answer) => [status, body?.code]
