import { lstatSync } from 'node:fs'
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../../dist/platform/embedded-postgres', import.meta.url))
const program = fileURLToPath(new URL('small-muster.mjs', import.meta.url))
const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url))

const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`

export interface Checkout {
  /** What a child runs, and what that imports. */
  programPath: string
  modulePath: string
  /** The package with PostgreSQL's programs. */
  packageDir: string
}

/** The built module with all that it needs, in a new folder, as `npm ci` without install scripts lays it out. */
export async function checkoutIn(dir: string): Promise<Checkout> {
  await mkdir(dir)
  await chmod(dir, 0o755)
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  await cp(built, join(dir, 'dist'), { recursive: true })
  for (const name of await withDependencies(['pg', platformPackage])) {
    await cp(join(modules, name), join(dir, 'node_modules', name), { recursive: true, filter: isNoLink })
  }
  await cp(program, join(dir, 'small-muster.mjs'))
  return checkoutAt(dir)
}

export function checkoutAt(dir: string): Checkout {
  return {
    programPath: join(dir, 'small-muster.mjs'),
    modulePath: join(dir, 'dist/index.js'),
    packageDir: join(dir, 'node_modules', platformPackage),
  }
}

/** npm packages hold no links: those among PostgreSQL's libraries were made by an earlier start. */
const isNoLink = (path: string) => !lstatSync(path).isSymbolicLink()

async function withDependencies(names: string[], found = new Set<string>()): Promise<Set<string>> {
  for (const name of names.filter((candidate) => !found.has(candidate))) {
    found.add(name)
    const { dependencies = {} } = JSON.parse(await readFile(join(modules, name, 'package.json'), 'utf8'))
    await withDependencies(Object.keys(dependencies), found)
  }
  return found
}
