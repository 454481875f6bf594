import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

interface Profile {
  /** Microseconds of the clock that `process.hrtime` reads. */
  startTime: number
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

const shownMax = 30

/** Where the time of the newest profile in a folder went since then: functions by what they took themselves. */
export function hottest(folder: string, sinceUs: number): string[] {
  const files = readdirSync(folder)
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
  const newest = files.at(-1)
  if (newest === undefined) return []
  const { startTime, nodes, samples, timeDeltas } = JSON.parse(readFileSync(newest, 'utf8')) as Profile
  const nameOf = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url.split('/').slice(-3).join('/')
      return [id, `${functionName || '(anonymous)'} ${file === '' ? '' : `${file}:${lineNumber + 1}`}`]
    }),
  )
  const spent = new Map<string, number>()
  let [busy, at] = [0, startTime]
  samples.forEach((id, index) => {
    const name = nameOf.get(id)!
    const took = timeDeltas[index] ?? 0
    at += took
    if (at < sinceUs || name.startsWith('(idle)')) return
    busy += took
    spent.set(name, (spent.get(name) ?? 0) + took)
  })
  const sorted = [...spent].sort((a, b) => b[1] - a[1]).slice(0, shownMax)
  const lines = sorted.map(([name, took]) => `${((took / busy) * 100).toFixed(1).padStart(6)} %  ${name}`)
  return [`\n${newest}\nOf ${(busy / 1e6).toFixed(1)} s that it was busy:`, ...lines]
}
