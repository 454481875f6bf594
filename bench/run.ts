import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Every benchmark there is, each in a process of its own: all in short, or one whole. */
interface Benchmark {
  file: string
  says: string
  nodeOptions?: string[]
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  matching: {
    ...{ file: 'matching/pass.js', nodeOptions: ['--expose-gc'] },
    says: 'one matching pass over a full queue, up to a million entries',
  },
  'matching-quality': {
    file: 'matching/quality.js',
    says: 'pairs against the exact optimum, and against other policies',
  },
  joins: { file: 'joins/joins.js', says: 'joins a second, durable, with up to a million waiting' },
  requests: { file: 'requests/requests.js', says: 'requests through the HTTP edge, beside a bare Fastify' },
  allocation: { file: 'allocation/allocation.js', says: 'slots reserved among ten thousand servers' },
  friends: { file: 'friends/friends.js', says: 'connect tokens, and private games from their call to their end' },
  start: { file: 'start/start.js', says: 'from start to first answer, and idle memory' },
}

// What stands behind a name is the benchmark's own to read.
const words = process.argv.slice(2)
const name = words[0]?.startsWith('-') ? undefined : words.shift()
const wantsHelp = words.includes('--help')
const isAsked = name === undefined ? words.every((word) => word === '--short') : Object.hasOwn(benchmarks, name)
if (wantsHelp || !isAsked) {
  const lines = Object.entries(benchmarks).map(([one, { says }]) => `  ${one.padEnd(18)} ${says}`)
  console.log(
    `Usage: npm run bench                      all of them, in short\n       npm run bench -- NAME [--short]    one\n\n${lines.join('\n')}`,
  )
  process.exit(wantsHelp ? 0 : 2)
}

const chosen = name === undefined ? Object.keys(benchmarks) : [name]
const options = name === undefined ? ['--short'] : words
const failed: string[] = []
for (const one of chosen) {
  const { file, nodeOptions = [] } = benchmarks[one]!
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [...nodeOptions, path, ...options], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  if (code === 2) process.exit(2)
  if (code !== 0) failed.push(one)
}
if (failed.length > 0) {
  console.error(`\nNot finished: ${failed.join(', ')}`)
  process.exit(1)
}
