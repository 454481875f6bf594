import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Nodes run what is built, and so does what ends them if the tests are ended. */
export function setup(): void {
  const compiler = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc')
  const project = fileURLToPath(new URL('../chaos/tsconfig.json', import.meta.url))
  execFileSync(process.execPath, [compiler, '--build', project], { stdio: 'inherit' })
}
