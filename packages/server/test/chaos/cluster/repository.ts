import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const marker = 'packages/server/bin/muster.mjs'

/** Found from the sources and from what they are compiled to alike. */
function repository(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, marker))) return folder
  }
  throw new Error('This is to be run in a checkout of Muster.')
}

const built = (path: string) => join(repository(), path)

/** Muster, the command line. */
export const musterProgram = built('packages/server/dist/cli/index.js')
export const musterPart = (path: string): string => built(`packages/server/dist/${path}.js`)
/** What this folder is compiled to. */
export const chaosProgram = (path: string): string => built(`packages/server/test/chaos/dist/${path}.js`)
