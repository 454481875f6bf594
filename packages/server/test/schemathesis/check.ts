import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { firstOperatorOf, type MusterProcess, musterHome } from '../support/muster-process.ts'
import { peopledWorld, type World, worldConfig } from '../support/peopled-world.ts'

/** `npm run schemathesis`: reads /openapi.json of a Muster that runs, and calls it as everybody there is. Whoever may
 *  make a call makes it often; everybody else makes it too, for a refusal is an answer that the document must know. */
const here = fileURLToPath(new URL('.', import.meta.url))
const program = process.env.SCHEMATHESIS ?? 'st'
const roles: [role: string, examples: number][] = [
  ['whoever may', 30],
  ...['nobody', 'a player', 'an operator', 'a service', 'a game server', 'a session'].map((role): [string, number] => [
    role,
    6,
  ]),
]

const home = await musterHome(worldConfig)
let failed = 0
try {
  const muster = await home.start()
  const world = await fillWorld(muster)
  for (const [role, examples] of roles) failed += await checkAs(role, examples, muster, world)
  if (muster.child.exitCode !== null) throw new Error(`Muster ended:\n${muster.output.text()}`)
  await muster.end('SIGTERM')
} finally {
  await home[Symbol.asyncDispose]()
}
console.log(failed === 0 ? 'Schemathesis found nothing.' : `Schemathesis found something as ${failed} of the roles.`)
process.exitCode = failed === 0 ? 0 : 1

async function fillWorld(muster: MusterProcess): Promise<string> {
  const { url } = muster
  const operator = await firstOperatorOf(muster)
  const { left, right, keys }: World = await peopledWorld(url, operator)
  const file = join(home.folder, 'world.json')
  await writeFile(file, JSON.stringify({ url, left, right, keys }), { mode: 0o600 })
  return file
}

async function checkAs(role: string, examples: number, { url }: MusterProcess, world: string): Promise<number> {
  const words = [
    ...['--config-file', join(here, 'schemathesis.toml'), 'run', `${url}/openapi.json`],
    // Who is refused everywhere need not be refused in every phase.
    ...(role === 'whoever may' ? [] : ['--phases', 'fuzzing']),
    ...['--max-examples', String(examples), '--seed', '1', '--no-color', '--report-dir', home.folder],
  ]
  const begun = performance.now()
  const child = spawn(program, words, {
    cwd: here,
    env: {
      PATH: process.env.PATH,
      HOME: home.folder,
      MUSTER_WORLD: world,
      MUSTER_ROLE: role,
      SCHEMATHESIS_HOOKS: 'hooks.py',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)))
  const [code] = await once(child, 'close')
  const counted = /^\s*\d+ generated.*$/m.exec(said)?.[0].trim() ?? 'nothing counted'
  console.log(`as ${role}: ${counted}, ${Math.round((performance.now() - begun) / 1_000)} s`)
  if (code === 0) return 0
  console.log(said)
  return 1
}
