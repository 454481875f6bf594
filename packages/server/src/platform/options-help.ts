interface Described {
  type?: string
  description?: string
  default?: unknown
  const?: unknown
  properties?: Record<string, Described>
  patternProperties?: Record<string, Described>
  anyOf?: Described[]
}

/** One line for each option: its place, its default, what it means. Names that a studio chooses stand in angle brackets. */
export function describeOptions(schema: object, place = ''): string[] {
  const { properties = {}, patternProperties = {}, anyOf = [] } = schema as Described
  const inner = [
    ...Object.entries(properties).map(([name, held]) => ({ at: place === '' ? name : `${place}.${name}`, held })),
    ...Object.values(patternProperties).map((held) => ({ at: `${place}.<name>`, held })),
  ]
  const lines = inner.flatMap(({ at, held }) => {
    const nested = describeOptions(held, at)
    return nested.length > 0 ? nested : [lineOf(at, held)]
  })
  // Alternatives that are objects (rating systems, say) are told apart by their one fixed word.
  const variants = anyOf.filter(({ properties: own }) => own !== undefined)
  return [
    ...lines,
    ...variants.flatMap((variant) => {
      const word = Object.values(variant.properties ?? {}).find((held) => held.const !== undefined)?.const
      return describeOptions(variant, `${place}(${String(word)})`)
    }),
  ]
}

function lineOf(at: string, { type, description, default: usual, anyOf, const: fixed }: Described): string {
  const words = anyOf?.map((one) => (one.const === undefined ? one.type : JSON.stringify(one.const))).join(' | ')
  const kind = fixed === undefined ? (words ?? type ?? 'any') : JSON.stringify(fixed)
  const value = usual === undefined ? kind : `${kind} = ${JSON.stringify(usual)}`
  return `${at}: ${value}${description === undefined ? '' : `\n    ${description}`}`
}
