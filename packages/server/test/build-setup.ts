import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Process tests run what is built, so it is built first. */
export function setup(): void {
  const compiler = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc')
  execFileSync(
    process.execPath,
    [compiler, '--build', fileURLToPath(new URL('../../../tsconfig.build.json', import.meta.url))],
    {
      stdio: 'inherit',
    },
  )
}
