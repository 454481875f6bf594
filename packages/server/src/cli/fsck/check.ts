import type { Kysely } from 'kysely'
import type { Config } from '../../config.ts'
import { checkView, patienceOf } from '../../laws/index.ts'
import { fleetAudit } from '../../modules/fleet/index.ts'
import { identityAudit } from '../../modules/identity/index.ts'
import { timeText } from '../../platform/clock.ts'
import { atOneMoment, readDatabaseClock } from '../../platform/db.ts'
import { checkResults } from './check-results.ts'
import { collectView } from './collect.ts'
import { type Findings, newFindings } from './findings.ts'

const bannedShownMax = 100
/** Lateness is judged while some node looks; they all do every second or two. */
const attendedWithinMs = 10_000

/** Looks at one moment of the whole system, beside whoever works on it, and changes nothing. */
export async function checkSystem(kysely: Kysely<unknown>, config: Config): Promise<Findings> {
  const now = Math.floor(await readDatabaseClock(kysely))
  return atOneMoment(kysely, async (tx) => {
    const findings = newFindings()
    const { broken, saw, notes } = findings
    const attendance = await fleetAudit.attendance(tx)
    if (attendance === null) notes.push('No node has ever run on this database: what is overdue was not judged.')
    else if (now - attendance.swept_at > attendedWithinMs) {
      notes.push(
        `No node runs; the last one did at ${timeText(attendance.swept_at)}. What came due since was not judged.`,
      )
    }
    const view = await collectView(tx, saw)
    checkView(view, config.fleet.ttlS * 1_000, patienceOf(now, attendance), broken)
    for (const { login, player } of await identityAudit.bannedLogins(tx, now, bannedShownMax)) {
      broken(14, `${player} is banned, and ${login} goes on`)
    }
    await checkResults({ tx, boards: config.boards, broken, saw, notes })
    return findings
  })
}
