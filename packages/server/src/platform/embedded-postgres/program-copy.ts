import { randomUUID } from 'node:crypto'
import { chmod, copyFile, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { User } from './run-as.ts'

/** npm packages cannot hold symbolic links; the list of those that PostgreSQL's libraries need comes along as JSON. */
export async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    await symlink(basename(source), join(native, 'lib', basename(target))).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** A copy that `user` can run appears whole or not at all, and an earlier one is used again. */
export async function copyPrograms(native: string, copy: string, user: User, log: (line: string) => void) {
  const dir = dirname(copy)
  if (user !== undefined) await refuseClosed(dir)
  if ((await mkdir(dir, { recursive: true })) !== undefined) await chmod(dir, 0o755)
  await refuseForeign(dir)
  if (await lstat(copy).catch(() => undefined)) return refuseForeign(copy)

  log(`copying PostgreSQL's programs to ${copy}`)
  const draft = `${copy}.${randomUUID()}`
  try {
    await copyFolder(native, draft)
    await linkLibraries(draft)
    await rename(draft, copy).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Programs are run only from a folder that nobody else may have changed. */
async function refuseForeign(dir: string): Promise<void> {
  if (process.platform === 'win32') return
  const { uid, mode } = await lstat(dir)
  if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) throw new Error('others may write to this folder')
}

async function refuseClosed(dir: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined)
  if (found !== undefined && (found.mode & 0o001) === 0) throw new Error(`not everybody may enter ${dir}`)
  if (dirname(dir) !== dir) await refuseClosed(dirname(dir))
}

/** The copies' modes are set anew: a strict umask while installing leaves what only its owner may read. */
async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to)
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyFolder(source, target)
    // Links are made afterwards, and static libraries are for compiling against, not for running.
    if (!entry.isFile() || entry.name.endsWith('.a')) continue
    await copyFile(source, target)
    await chmod(target, ((await stat(source)).mode & 0o100) !== 0 ? 0o755 : 0o644)
  }
}
