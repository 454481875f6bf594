import { lawsInTables } from '../../laws/index.ts'
import { tableOf } from '../table.ts'
import type { Findings } from './findings.ts'

const shownMax = 50

const countOf = ({ counts }: Findings): number => [...counts.values()].reduce((sum, count) => sum + count, 0)
/** Results and standings stay when all has ended. */
const isAnythingLive = ({ results: _, standings: __, ...live }: Findings['looked']): boolean =>
  Object.values(live).some((count) => count > 0)
const figure = (count: number): string => count.toLocaleString('en')

export const findingsJson = (findings: Findings): string => {
  const { looked, notes, violations } = findings
  const laws = Object.entries(lawsInTables).map(([law, says]) => ({
    ...{ law: Number(law), says, violations: findings.counts.get(Number(law)) ?? 0 },
  }))
  return `${JSON.stringify({ ok: violations.length === 0, looked_at: looked, laws, violations, notes }, null, 2)}\n`
}

export function findingsText(findings: Findings): string {
  const { counts, looked, notes, violations } = findings
  const laws = Object.entries(lawsInTables)
  const rows = laws.map(([law, says]) => [law, says, figure(counts.get(Number(law)) ?? 0)])
  const total = countOf(findings)
  const shown = violations.slice(0, shownMax).map(({ law, what }) => `[${law}] ${what}\n`)
  const left = total - shown.length
  return [
    tableOf(['law', 'holds that', 'violations'], rows),
    `\nLooked at ${Object.entries(looked)
      .map(([what, count]) => `${figure(count)} ${what}`)
      .join(', ')}.\n`,
    ...(isAnythingLive(looked)
      ? []
      : ['Nothing is live. Of what has ended, only results and what still holds something are looked at.\n']),
    ...notes.map((note) => `${note}\n`),
    ...(total === 0 ? ['Every law holds.\n'] : ['\n', ...shown]),
    ...(left > 0 ? [`… and ${figure(left)} more${violations.length > shownMax ? '; --json lists them' : ''}.\n`] : []),
  ].join('')
}
