import type { Recovery } from './faults/recovery.ts'
import type { Happening, Outcome } from './world/history.ts'

export interface Report {
  seed: number
  minutes: number
  stores: string[]
  history: readonly Happening[]
  recoveries: readonly Recovery[]
  sessions: Record<string, number>
  results: number
  violations: readonly string[]
  /** Why the run shows nothing, whatever held. */
  shortcomings: readonly string[]
  fsck: string
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
const medianOf = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')
  return [heads, ...rows].map((row) => `  ${line(row)}`).join('\n')
}

function faultsTable(recoveries: readonly Recovery[]): string {
  const kinds = [...new Set(recoveries.map(({ kind }) => kind))].sort()
  const rowOf = (kind: string, of: readonly Recovery[]) => {
    const known = of.flatMap(({ ms }) => (ms === null ? [] : [ms]))
    const never = of.length - known.length
    const worst = never > 0 ? `not seen (${never})` : seconds(Math.max(0, ...known))
    return [kind, String(of.length), known.length === 0 ? '-' : seconds(medianOf(known)), worst]
  }
  return table(
    ['fault', 'times', 'well again after (median)', 'worst'],
    [
      ...kinds.map((kind) =>
        rowOf(
          kind,
          recoveries.filter((one) => one.kind === kind),
        ),
      ),
      rowOf('all', recoveries),
    ],
  )
}

function callsTable(history: readonly Happening[]): string {
  const counts = new Map<string, Record<Outcome, number>>()
  for (const one of history) {
    if (one.what !== 'call') continue
    for (const key of [one.call, 'all']) {
      const count = counts.get(key) ?? { ok: 0, refused: 0, unknown: 0 }
      count[one.outcome]++
      counts.set(key, count)
    }
  }
  const all = counts.get('all')
  counts.delete('all')
  const rows = [
    ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)),
    ...(all === undefined ? [] : [['all', all] as const]),
  ]
  return table(
    ['call', 'ok', 'refused', 'unknown'],
    rows.map(([call, { ok, refused, unknown }]) => [call, String(ok), String(refused), String(unknown)]),
  )
}

export function reportText(report: Report): string {
  const { history, sessions, violations, shortcomings } = report
  const distinct = (what: Happening['what'], key: string) =>
    new Set(history.filter((one) => one.what === what).map((one) => (one as unknown as Record<string, string>)[key]))
      .size
  const parts = [
    `Seed ${report.seed}, ${report.minutes} minutes of faults; ${report.stores.join('; ')}.`,
    faultsTable(report.recoveries),
    callsTable(history),
    table(
      ['what was played', 'count'],
      [
        ['players', String(distinct('account', 'player'))],
        ['matches that players were told to play', String(distinct('confirmed', 'match'))],
        ...Object.entries(sessions).map(([state, count]) => [`sessions ${state}`, String(count)]),
        ['results kept', String(report.results)],
        ['tickets that let somebody in', String(distinct('admitted', 'jti'))],
      ],
    ),
    report.fsck.trimEnd(),
    ...(violations.length === 0
      ? ['No law was broken.']
      : [`${violations.length} violations:`, ...violations.slice(0, 50)]),
    ...shortcomings,
  ]
  return `${parts.join('\n\n')}\n`
}
