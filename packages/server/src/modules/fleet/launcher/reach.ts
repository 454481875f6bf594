import { access, constants, realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Ending } from '../domain.ts'
import type { ProgramRequest } from './machine.ts'

export type FoundProgram = { program: string } | { failure: Ending; detail: string }

type Asked = Pick<ProgramRequest, 'command' | 'cwd' | 'environment'>

const usualPath = '/usr/local/bin:/usr/bin:/bin'

/** The file that a command means, as the operating system would find it. Whatever is put before a command would take the
 *  blame for one that is not there. */
export async function findProgram({ command, cwd = '.', environment }: Asked): Promise<FoundProgram> {
  const [name = ''] = command
  const folders = name.includes('/') ? [''] : (environment.PATH ?? usualPath).split(':')
  let isBarred = false
  for (const folder of folders) {
    const program = resolve(cwd, folder, name)
    if (!(await isFile(program))) continue
    if (await isProgram(program)) return { program }
    isBarred = true
  }
  return isBarred
    ? { failure: 'not_permitted', detail: `${name}: it may not be run as a program.` }
    : { failure: 'command_not_found', detail: `${name}: there is no such program.` }
}

/** Of what a command cannot begin without, the first that a user without any rights of its own could not get at: the
 *  working folder, the program, and the first file that it names, which is what an interpreter is to run. What else it
 *  names may be closed on purpose. Null where that user could get at everything, or where there is no such thing. */
export async function closedToOthers(asked: Asked): Promise<string | null> {
  const { command, cwd = '.' } = asked
  const found = await findProgram(asked)
  if ('failure' in found || (await stat(cwd).catch(() => null)) === null) return null
  const named = await firstFileOf(command.slice(1).map((word) => resolve(cwd, word)))
  const needed: [string | null, number][] = [
    [resolve(cwd), 0o001],
    [found.program, 0o001],
    [named, 0o004],
  ]
  for (const [path, rights] of needed) {
    if (path === null) continue
    if (((await stat(path)).mode & rights) === 0) return path
    const closed = (await closedAbove(path)) ?? (await closedAbove(await realpath(path)))
    if (closed !== null) return closed
  }
  return null
}

async function firstFileOf(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await isFile(path)) return path
  return null
}

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (one) => one.isFile(),
    () => false,
  )

async function closedAbove(path: string): Promise<string | null> {
  const above = dirname(path)
  if (above === path) return null
  const facts = await stat(above)
  return (facts.mode & 0o001) === 0 ? above : closedAbove(above)
}
