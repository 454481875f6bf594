#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

// In a checkout the sources stand beside this file: they are built first, which takes a moment once and nothing after.
const checkout = fileURLToPath(new URL('../../../tsconfig.build.json', import.meta.url))
if (existsSync(new URL('../src', import.meta.url)) && existsSync(checkout)) {
  const compiler = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc')
  if (!existsSync(new URL('../dist', import.meta.url))) console.error('Building Muster, once …')
  const built = spawnSync(process.execPath, [compiler, '--build', checkout], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (built.status !== 0) {
    console.error('Muster could not be built; the compiler says why above.')
    process.exit(1)
  }
}
await import('../dist/cli/index.js')
