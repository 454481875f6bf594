import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { RunFolder } from '../cluster/folder.ts'
import { chaosProgram } from '../cluster/repository.ts'
import type { Happening } from './history.ts'

export interface CrowdOptions {
  bots: number
  processes: number
  seed: number
  url: string
  hear(happening: Happening): void
}

/** All bots of the run, in a few processes. */
export interface Crowd {
  /** False where one of its processes has ended by itself: then nobody plays. */
  isWhole(): boolean
  /** Has them stop searching, and resolves when none is anywhere; false where that takes too long. */
  quiet(withinMs: number): Promise<boolean>
  /** Has them try the logins that they ended. */
  tryOldLogins(withinMs: number): Promise<boolean>
}

export async function openCrowd(run: RunFolder, options: CrowdOptions): Promise<Crowd> {
  const { bots, processes, seed, url, hear } = options
  const each = Math.ceil(bots / processes)
  const children = await Promise.all(
    Array.from({ length: processes }, async (_, at) => {
      const first = at * each
      const log = openSync(join(run.path, `bots-${at + 1}.log`), 'a')
      const words = [run.path, url, first, Math.min(each, bots - first), seed].map(String)
      const child = spawn(process.execPath, [chaosProgram('world/bots'), ...words], {
        ...{ cwd: run.path, env: { PATH: process.env.PATH }, stdio: ['ignore', log, log, 'ipc'] },
      })
      closeSync(log)
      await once(child, 'spawn')
      run.note(child.pid ?? 0)
      child.on('message', (message) => {
        if (typeof message === 'object') hear(message as Happening)
      })
      return child
    }),
  )
  const all = async (word: string, withinMs: number) => {
    const done = await Promise.all(children.map((child) => said(child, word, withinMs)))
    return done.every(Boolean)
  }
  const isWhole = () => children.every(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  return { isWhole, quiet: (withinMs) => all('quiet', withinMs), tryOldLogins: (withinMs) => all('logins', withinMs) }
}

/** Says a word to a child, and waits until it says it back. */
const said = (child: ChildProcess, word: string, withinMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => done(false), withinMs)
    const hear = (message: unknown) => message === word && done(true)
    const gone = () => done(false)
    const done = (well: boolean) => {
      clearTimeout(timer)
      child.off('message', hear).off('exit', gone)
      resolve(well)
    }
    child.on('message', hear).on('exit', gone)
    if (!child.connected) return done(false)
    child.send(word)
  })
