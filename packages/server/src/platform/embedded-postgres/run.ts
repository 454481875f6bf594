import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { RunAs } from './run-as.ts'

export interface Ran {
  ok: boolean
  /** Everything it said, or why it could not be run at all. */
  output: string
}

/** Runs a program to its end. */
export async function run(program: string, args: string[], options: RunAs['spawnOptions'], input = ''): Promise<Ran> {
  const child = spawn(program, args, { ...options, stdio: 'pipe', windowsHide: true })
  const ended = new Promise<{ code: number | null; failure: string }>((resolve) => {
    child.on('error', (error) => resolve({ code: null, failure: error.message }))
    child.on('close', (code) => resolve({ code, failure: '' }))
  })
  // A program that ends before it has read its input is judged by its exit code, not by the broken pipe.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [out, err, { code, failure }] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { ok: code === 0, output: [out, err, failure].join('').trim() }
}
