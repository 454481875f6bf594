import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { PoolConfig } from 'pg'
import type { EmbeddedPostgresOptions } from '../../src/platform/embedded-postgres/index.ts'
import { until } from '../../src/platform/embedded-postgres/until.ts'
import type { Checkout } from './checkout.ts'

/** Far longer than anything takes, even on a machine that is busy with other tests. */
export const PATIENCE_MS = 60_000

export const builtModule = fileURLToPath(new URL('../../dist/platform/embedded-postgres/index.js', import.meta.url))
const here = {
  programPath: fileURLToPath(new URL('small-muster.mjs', import.meta.url)),
  modulePath: builtModule,
}

export interface ChildMuster extends AsyncDisposable {
  pid: number
  /** Rejects with what it was refused for. */
  started: Promise<{ pid: number; connection: PoolConfig }>
  acknowledged: number[]
  /** What it logged. */
  said: string[]
  /** Resolves once `count` more rows have been acknowledged. */
  moreRows(count: number): Promise<void>
  /** Resolves when it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
}

interface ChildOptions extends Pick<EmbeddedPostgresOptions, 'dataDir' | 'settings' | 'programDirs'> {
  /** Where it is run from, if not from this checkout. */
  checkout?: Pick<Checkout, 'programPath' | 'modulePath'>
  /** Who runs it, if not this user. */
  uid?: number
  writers?: number
  firstRow?: number
}

/** Muster as a process of its own, which can be killed. */
export function childMuster({ uid, checkout = here, ...options }: ChildOptions): ChildMuster {
  const child = spawn(
    process.execPath,
    [checkout.programPath, JSON.stringify({ modulePath: checkout.modulePath, ...options })],
    {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    },
  )
  const acknowledged: number[] = []
  const said: string[] = []
  createInterface(child.stderr).on('line', (line) => said.push(line))
  const started = new Promise<{ pid: number; connection: PoolConfig }>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const news = JSON.parse(line)
      if (news.acknowledged !== undefined) acknowledged.push(news.acknowledged)
      if (news.started !== undefined) resolve(news.started)
      if (news.refused !== undefined) reject(new Error(`${news.name}: ${news.refused}`))
    })
    child.once('close', () => reject(new Error(`it ended before it had started:\n${said.join('\n')}`)))
  })
  // A child that is killed on purpose before it has started concerns nobody.
  started.catch(() => undefined)

  const kill = async (signal: NodeJS.Signals) => {
    if (!child.kill(signal)) return
    await once(child, 'close')
  }
  return {
    pid: child.pid as number,
    started,
    acknowledged,
    said,
    async moreRows(count) {
      const goal = acknowledged.length + count
      await eventually(() => acknowledged.length >= goal || hasEnded(child))
      if (hasEnded(child)) throw new Error(`it ended while rows were awaited:\n${said.join('\n')}`)
    },
    kill,
    [Symbol.asyncDispose]: () => kill('SIGKILL'),
  }
}

/** Waits for what is bound to happen, and throws if it does not. */
export async function eventually(happened: () => boolean): Promise<void> {
  const seen = await until(() => happened() || undefined, PATIENCE_MS)
  if (seen === undefined) throw new Error(`It did not happen within ${PATIENCE_MS / 1000} s: ${happened}`)
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null
