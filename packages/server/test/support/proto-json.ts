import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader'

interface Field {
  name: string
  label: string
  type: string
  typeName: string
}

interface Message {
  name: string
  field: Field[]
  nestedType: Message[]
  enumType: { name: string; value: { name: string }[] }[]
  options?: { mapEntry?: boolean } | null
}

const wrapped: Readonly<Record<string, string>> = {
  'google.protobuf.Int64Value': 'TYPE_INT64',
  'google.protobuf.StringValue': 'TYPE_STRING',
}

/** Checks JSON against a message of a proto file, by protobuf's own rules for JSON: it names whatever they do not know. */
export function protoJson(file: string, includeDir: string) {
  const loaded = loadSync(file, { includeDirs: [includeDir] })
  const messages = new Map<string, Message>()
  for (const [name, entry] of Object.entries(loaded)) {
    if (name.startsWith('google.') || !('type' in entry)) continue
    const message = (entry as MessageTypeDefinition<object, object>).type as Message
    messages.set(message.name, message)
  }
  const enumOf = (owner: Message, name: string) => owner.enumType.find((one) => one.name === name)

  function single(owner: Message, { type, typeName }: Field, value: unknown, place: string): string[] {
    const kind = wrapped[typeName] ?? type
    switch (kind) {
      case 'TYPE_STRING':
        return typeof value === 'string' ? [] : [`${place} is no text`]
      case 'TYPE_BOOL':
        return typeof value === 'boolean' ? [] : [`${place} is no boolean`]
      case 'TYPE_INT64':
        return typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? [] : [`${place} is no int64 as text`]
      case 'TYPE_ENUM': {
        const known = enumOf(owner, typeName)?.value.map(({ name }) => name) ?? []
        return known.includes(String(value)) ? [] : [`${place} is none of ${known.join(', ')}`]
      }
      case 'TYPE_MESSAGE': {
        const message = messages.get(typeName)
        return message === undefined ? [`${place} is of an unknown ${typeName}`] : complaints(message, value, place)
      }
      default:
        return [`${place} is of an unforeseen ${kind}`]
    }
  }

  function complaints(message: Message, value: unknown, place: string): string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${place} is no ${message.name}`]
    return Object.entries(value).flatMap(([name, one]) => {
      const at = `${place}.${name}`
      const field = message.field.find((known) => known.name === name)
      if (field === undefined) return [`${at} is no field of ${message.name}`]
      if (field.label !== 'LABEL_REPEATED') return single(message, field, one, at)
      const entry = message.nestedType.find(
        (nested) => nested.options?.mapEntry === true && nested.name === field.typeName.split('.').at(-1),
      )
      if (entry !== undefined) {
        const value = entry.field.find((part) => part.name === 'value') as Field
        if (typeof one !== 'object' || one === null || Array.isArray(one)) return [`${at} is no map`]
        return Object.entries(one).flatMap(([key, held]) => single(entry, value, held, `${at}[${key}]`))
      }
      if (!Array.isArray(one)) return [`${at} is no list`]
      return one.flatMap((each, index) => single(message, field, each, `${at}[${index}]`))
    })
  }

  return (name: string, value: unknown): string[] => complaints(messages.get(name) as Message, value, name)
}
