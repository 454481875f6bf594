import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/db.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import { type Repeating, repeating } from '../../platform/repeat.ts'
import type { IdentityOptions } from './config.ts'
import type { IdentityStore } from './store/index.ts'
import type { SigningKeys } from './tokens/signing-keys.ts'

const dayMs = 86_400_000
/** A sweep that never reaches the end of what is old goes on in the next. */
const batchesMax = 20

/** Removes what is kept no longer, and has the signing keys changed over. Any number of nodes may do so at once. */
export function startSweeper(
  ground: { clock: Clock; random: Random; log: Log; db: Db; store: IdentityStore; keys: SigningKeys },
  options: Pick<IdentityOptions, 'loginsKeptDays' | 'auditKeptDays' | 'sweepEveryS' | 'sweepBatchMax'>,
): Repeating {
  const { clock, db, store, keys } = ground
  const max = options.sweepBatchMax

  async function removeAll(removeSome: (tx: Tx) => Promise<number>) {
    for (let batches = 0; batches < batchesMax; batches++) if ((await db.once(removeSome)) < max) return
  }

  return repeating(ground, 'identity sweep', options.sweepEveryS * 1_000, async () => {
    await keys.refresh()
    const now = clock.now()
    await removeAll((tx) => store.logins.sweepEnded(tx, now, max))
    await removeAll((tx) => store.logins.sweepLogins(tx, now - options.loginsKeptDays * dayMs, max))
    await removeAll((tx) => store.audit.sweep(tx, now - options.auditKeptDays * dayMs, max))
  })
}
