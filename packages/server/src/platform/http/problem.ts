import { type FieldComplaint, Refusal } from '@muster/protocol'

export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  request_id: string
  errors?: FieldComplaint[]
}

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** RFC 9457. */
export const problemOf = (refusal: Refusal, requestId: string, type = 'about:blank'): Problem => ({
  type,
  title: titles[refusal.status] ?? 'Error',
  status: refusal.status,
  code: refusal.code,
  detail: refusal.message,
  request_id: requestId,
  ...(refusal.fields === undefined ? {} : { errors: refusal.fields }),
})

/** What a schema's validator says of one offence. */
interface Offence {
  instancePath: string
  keyword: string
  message?: string
  params: Record<string, unknown>
  schemaPath?: string
  parentSchema?: unknown
  data?: unknown
}

interface FastifyLikeError {
  code?: string
  statusCode?: number
  message?: string
}

const complaintsMax = 20

/** Every offending field by its place; `within` says what it is a part of: `body`, `data`. */
export const complaintsOf = (offences: readonly Offence[], within: string): FieldComplaint[] =>
  tellingOf(withChoices(withoutFarther(offences)))
    .slice(0, complaintsMax)
    .map((one) => {
      const missing = one.params.missingProperty ?? one.params.additionalProperty ?? one.params.tag
      const path = [within, ...one.instancePath.split('/').filter(Boolean)]
      if (typeof missing === 'string') path.push(missing)
      return { field: path.join('.'), problem: describe(one) }
    })

interface Alternative {
  required?: string[]
  properties?: object
}

/** Of alternatives for an object only what is wrong with the nearest is told; where nothing of any is there, what they ask
 *  for. */
function withoutFarther(offences: readonly Offence[]): readonly Offence[] {
  let left = offences
  for (const union of offences) {
    const { anyOf = [] } = (union.parentSchema ?? {}) as { anyOf?: Alternative[] }
    const names = anyOf.map(({ required }) => required ?? [])
    if (union.keyword !== 'anyOf' || names.length === 0 || names.some((asked) => asked.length === 0)) continue
    const isObject = typeof union.data === 'object' && union.data !== null
    const given = isObject ? Object.keys(union.data as object) : []
    const strays = anyOf.map(({ required = [], properties = {} }) => {
      const missing = required.filter((name) => !given.includes(name))
      return missing.length + given.filter((name) => !Object.hasOwn(properties, name)).length
    })
    const isNothing = isObject && !names.flat().some((name) => given.includes(name))
    const nearest = isNothing ? -1 : strays.indexOf(Math.min(...strays))
    const isOf = (one: Offence, at: number) => one.schemaPath?.startsWith(`${union.schemaPath}/${at}/`) === true
    const isUnknown = (name: unknown) => !anyOf.some(({ properties = {} }) => Object.hasOwn(properties, String(name)))
    left = left.filter((one) => {
      const at = anyOf.findIndex((_, place) => isOf(one, place))
      // Of a field that no alternative takes it is enough that one says so.
      return (
        at === -1 ||
        at === nearest ||
        (isNothing && at === 0 && one.keyword === 'additionalProperties' && isUnknown(one.params.additionalProperty))
      )
    })
    if (isNothing)
      left = left.map((one) => (one === union ? { ...union, keyword: 'alternatives', params: { names } } : one))
  }
  return left
}

/** Of words to choose from, that each of them is not there is told once, with all that would do. */
function withChoices(offences: readonly Offence[]): readonly Offence[] {
  let left = offences
  for (const union of offences) {
    const { anyOf = [] } = (union.parentSchema ?? {}) as { anyOf?: { const?: unknown; type?: string }[] }
    const choices = anyOf.filter(({ type }) => type !== 'null').map((one) => one.const)
    if (union.keyword !== 'anyOf' || choices.length === 0 || choices.includes(undefined)) continue
    const told: Offence = { ...union, keyword: 'enum', params: { allowedValues: choices } }
    left = left
      .filter((one) => one === union || one.instancePath !== union.instancePath || !isWithin(one, union))
      .map((one) => (one === union ? told : one))
  }
  return left
}

const isWithin = (one: Offence, union: Offence) => one.schemaPath?.startsWith(`${union.schemaPath}/`) === true

/** Where nothing would have done as well, that it is not nothing says nothing. */
function tellingOf(offences: readonly Offence[]): readonly Offence[] {
  const telling = offences.filter(({ keyword, params }) => keyword !== 'anyOf' && params.type !== 'null')
  return telling.length > 0 ? telling : offences
}

export const complaintsRefusal = (fields: FieldComplaint[]): Refusal =>
  new Refusal('INVALID_REQUEST', { detail: fields.map((one) => `${one.field} ${one.problem}`).join('; '), fields })

/** What Fastify found wrong, but for a request's shape, in our own words; anything unknown is our bug. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const { code, statusCode, message } = error as FastifyLikeError
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new Refusal('UNSUPPORTED_MEDIA_TYPE')
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Refusal('TOO_LARGE')
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Refusal('INVALID_REQUEST', { detail: message })
  }
  return new Refusal('INTERNAL', { cause: error })
}

const characters = (bound: string, { limit }: Offence['params']) => `must have at ${bound} ${limit} characters`

/** The parser takes no body that reaches for prototypes, whatever else it says. */
export function unreadableBody(text: string, error: Error): Error {
  try {
    JSON.parse(text)
  } catch {
    return error
  }
  const problem = 'has a field called __proto__, or a constructor with a prototype, which no call takes'
  return complaintsRefusal([{ field: 'body', problem }])
}

function describe(one: Offence): string {
  if (one.keyword === 'additionalProperties') return 'is not a field this call takes'
  if (one.keyword === 'required') return 'is missing'
  if (one.keyword === 'alternatives') {
    return `must hold ${(one.params.names as string[][]).map((names) => names.join(', ')).join('; or ')}`
  }
  if (one.keyword === 'enum') return `must be one of ${(one.params.allowedValues as unknown[]).join(', ')}`
  if (one.keyword === 'const') return `must be ${String(one.params.allowedValue)}`
  if (one.keyword === 'discriminator') return `must be one of ${tagsOf(one.parentSchema).join(', ')}`
  const meaning = (one.parentSchema as { description?: string } | undefined)?.description
  if (one.keyword === 'pattern' && meaning !== undefined) {
    return `must be: ${meaning.replace(/^[A-Z](?=[a-z ])/, (first) => first.toLowerCase())}`
  }
  if (one.keyword === 'minProperties') {
    return one.instancePath === '' ? 'must name something to change' : `must name at least ${one.params.limit}`
  }
  if (one.keyword === 'maxProperties') return `must name at most ${one.params.limit}`
  if (one.keyword === 'minItems') return `must hold at least ${one.params.limit}`
  if (one.keyword === 'maxItems') return `must hold at most ${one.params.limit}`
  if (one.keyword === 'uniqueItems') return `holds the same twice, at ${one.params.j} and at ${one.params.i}`
  if (one.keyword === 'minLength') return one.params.limit === 1 ? 'must not be empty' : characters('least', one.params)
  if (one.keyword === 'maxLength') return characters('most', one.params)
  if (one.keyword === 'type' && one.instancePath === '') return 'must be a JSON object'
  return one.message ?? 'is wrong'
}

/** The words by which the alternatives of a schema are told apart. */
function tagsOf(schema: unknown): string[] {
  const { discriminator, oneOf = [] } = schema as {
    discriminator?: { propertyName: string }
    oneOf?: { properties?: Record<string, { const?: unknown }> }[]
  }
  const name = discriminator?.propertyName ?? ''
  return oneOf.map(({ properties }) => String(properties?.[name]?.const))
}
