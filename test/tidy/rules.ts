/** What holds for the code itself, checked over its text. Each rule takes a file and names what is wrong with it. */
export interface SourceFile {
  /** From the repository's root, with `/`. */
  path: string
  text: string
}

export type Rule = (file: SourceFile) => string[]

/** Low to high. A module knows only of modules in a lower tier, and only their types. */
const tiers: readonly (readonly string[])[] = [
  ['identity'],
  ['profiles', 'fleet', 'presence'],
  ['sessions'],
  ['results', 'parties'],
  ['matchmaking', 'games', 'rooms', 'worlds'],
  ['minigames'],
  ['dialects', 'console'],
]
const tierOf = (module: string) => tiers.findIndex((tier) => tier.includes(module))

const serverSource = 'packages/server/src/'
const linesMax = 400

/** `modules/fleet/launcher/ports.ts` → `fleet`. */
const moduleOf = (path: string): string | null => /^packages\/server\/src\/modules\/([^/]+)\//.exec(path)?.[1] ?? null
const isTest = (path: string) => /\.test\.ts$|-suite\.ts$|\/test\//.test(path)

interface Import {
  target: string
  typeOnly: boolean
}

export function importsOf({ path, text }: SourceFile): Import[] {
  const found: Import[] = []
  const pattern =
    /^\s*(?:import|export)\s+(type\s)?([^'";]*?)from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm
  for (const [, typeWord, names, from, dynamic] of text.matchAll(pattern)) {
    const target = from ?? dynamic ?? ''
    const inline = names !== undefined && /^\s*\{\s*(type\s+[\w$]+(\s+as\s+[\w$]+)?\s*,?\s*)+\}\s*$/.test(names)
    found.push({ target: resolve(path, target), typeOnly: typeWord !== undefined || inline })
  }
  return found
}

function resolve(from: string, target: string): string {
  if (!target.startsWith('.')) return target
  const parts = from.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

export const modulesMeetByTypesOnly: Rule = (file) => {
  const own = moduleOf(file.path)
  if (own === null || isTest(file.path)) return []
  const complaints: string[] = []
  if (tierOf(own) < 0) complaints.push(`module ${own} stands in no tier`)
  for (const { target, typeOnly } of importsOf(file)) {
    const other = moduleOf(target)
    if (other !== null && other !== own) {
      if (!typeOnly) complaints.push(`imports more than types of ${other}`)
      if (!target.endsWith(`modules/${other}/index.ts`)) complaints.push(`reaches behind ${other}/index.ts`)
      if (tierOf(other) >= tierOf(own)) complaints.push(`looks up, or sideways, to ${other}`)
    } else if (other === null && target.startsWith(serverSource) && !target.startsWith(`${serverSource}platform/`)) {
      complaints.push(`imports ${target.slice(serverSource.length)}`)
    }
  }
  return complaints
}

export const platformKnowsNoGame: Rule = (file) => {
  if (!file.path.startsWith(`${serverSource}platform/`) || isTest(file.path)) return []
  return importsOf(file)
    .filter(({ target }) => target.startsWith(serverSource) && !target.startsWith(`${serverSource}platform/`))
    .map(({ target }) => `platform imports ${target}`)
}

export const domainIsPure: Rule = (file) => {
  if (!/\/domain\.ts$/.test(file.path)) return []
  return importsOf(file)
    .filter(
      ({ target, typeOnly }) =>
        (target.includes('/platform/') && !typeOnly) || /^(node:|kysely|pg|fastify)/.test(target),
    )
    .map(({ target }) => `a domain imports ${target}`)
}

const ambient: [RegExp, string][] = [
  [/\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bprocess\.hrtime\b/, 'reads the clock'],
  [/\bset(Timeout|Interval)\(/, 'sets a timer of its own'],
  [/\bMath\.random\(/, 'reads chance'],
]

export const groundIsHandedIn: Rule = ({ path, text }) => {
  if (!path.startsWith(serverSource) || path.startsWith(`${serverSource}platform/`) || isTest(path)) return []
  const code = withoutComments(text)
  const complaints = ambient.filter(([pattern]) => pattern.test(code)).map(([, what]) => what)
  if (/\bprocess\.env\b/.test(code) && path !== `${serverSource}config.ts`) complaints.push('reads the environment')
  return complaints
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/[^\n]*/g, '')

/** A test may look anywhere, to show that nothing is left there. */
export const tablesStayAtHome: Rule = ({ path, text }) => {
  const own = moduleOf(path)
  if (own === null || isTest(path)) return []
  const code = withoutComments(text)
  const names = new Set<string>()
  for (const [, table] of code.matchAll(
    /(?:selectFrom|insertInto|updateTable|deleteFrom|innerJoin|leftJoin)\(\s*\[?['"`]([a-z_]+)/g,
  )) {
    if (table !== undefined) names.add(table)
  }
  for (const [, table] of code.matchAll(/\b(?:from|into|update|join|table|on)\s+([a-z]+_[a-z_]+)\s/g)) {
    if (table !== undefined && tierOf(table.split('_')[0] ?? '') >= 0) names.add(table)
  }
  return [...names]
    .filter((table) => !table.startsWith(`${own}_`) && tierOf(table.split('_')[0] ?? '') >= 0)
    .map((table) => `touches ${table}`)
}

export const filesStaySmall: Rule = ({ text }) => {
  const lines = text.split('\n').length - 1
  return lines > linesMax ? [`has ${lines} lines`] : []
}

export const namesSayWhat: Rule = ({ path, text }) => {
  const complaints: string[] = []
  const name = path.split('/').at(-1) ?? ''
  if (/(^|-)(utils?|helpers?|service|manager|controller|common|misc)\b/.test(name)) complaints.push(`is named ${name}`)
  if (!/^[a-z0-9.-]+$/.test(name)) complaints.push(`is not in kebab case: ${name}`)
  if (/^export default\b/m.test(text) && !/\.config\.ts$/.test(name)) complaints.push('has a default export')
  return complaints
}

/** The words are put together here so that this file does not break its own rule. */
const promises = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK'].join('|')})\\b`)
const focused = new RegExp(`\\b(it|test|describe)\\.(${['on' + 'ly', 'sk' + 'ip', 'to' + 'do'].join('|')})\\b`)

export const nothingIsLeftOpen: Rule = ({ text }) => {
  const complaints: string[] = []
  if (promises.test(text)) complaints.push('promises work instead of doing it')
  if (focused.test(text)) complaints.push('has a skipped or focused test')
  return complaints
}

export const secretsAreComparedBlind: Rule = ({ path, text }) => {
  if (!path.startsWith(serverSource) || isTest(path)) return []
  return /\b\w*(secret|token|signature|hmac|digest)\w*\s*[!=]==?\s*(?!undefined|null|'|"|`|\d)\w/i.test(
    withoutComments(text),
  )
    ? ['compares something secret with ===']
    : []
}

export const rules: Record<string, Rule> = {
  modulesMeetByTypesOnly,
  platformKnowsNoGame,
  domainIsPure,
  groundIsHandedIn,
  tablesStayAtHome,
  filesStaySmall,
  namesSayWhat,
  nothingIsLeftOpen,
  secretsAreComparedBlind,
}

export const complaintsOf = (file: SourceFile): string[] =>
  Object.entries(rules).flatMap(([name, rule]) => rule(file).map((complaint) => `${file.path}: ${complaint} (${name})`))
