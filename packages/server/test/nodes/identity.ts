import { readConfig } from '../../src/config.ts'
import { createIdentity, type Identity } from '../../src/modules/identity/index.ts'
import { systemClock as clock } from '../../src/platform/clock.ts'
import { createDb } from '../../src/platform/db.ts'
import { createLimits } from '../../src/platform/http/limits.ts'
import { idMint } from '../../src/platform/ids.ts'
import { silentLog as log } from '../../src/platform/log.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { openPostgres } from '../../src/platform/postgres.ts'
import { systemRandom as random } from '../../src/platform/random.ts'
import { createSecrets } from '../../src/platform/secrets.ts'
import { memorySoftState } from '../../src/platform/soft-state-memory.ts'
import { createWakes } from '../../src/platform/wakes.ts'

/** Identity on the same database, in a process that no node can hear: they must find out by looking. */
export async function unheardIdentity(connection: string): Promise<Pick<Identity, 'ban'> & AsyncDisposable> {
  const kysely = openPostgres({ connection, connectionsMax: 2, log })
  const soft = memorySoftState(clock)
  const wakes = await createWakes({ clock, soft, log, node: 'test' })
  const { ban } = createIdentity(
    {
      ...{ clock, random, log, wakes, mintId: idMint(clock), db: createDb(kysely, { clock, random }) },
      ...{ secrets: createSecrets(Buffer.alloc(32, 1)), limits: createLimits(soft, clock.now) },
      metrics: createMetrics({ process: false }),
    },
    readConfig({}, 'test', '/').identity,
  )
  return {
    ban,
    async [Symbol.asyncDispose]() {
      await wakes[Symbol.asyncDispose]()
      await soft[Symbol.asyncDispose]()
      await kysely.destroy()
    },
  }
}
