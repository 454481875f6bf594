import { migrations } from '../../compose.ts'
import { loadConfig, type Machine } from '../../config.ts'
import { createIdentity, type Identity } from '../../modules/identity/index.ts'
import { systemClock } from '../../platform/clock.ts'
import { createDb } from '../../platform/db.ts'
import { createLimits } from '../../platform/http/limits.ts'
import { idMint } from '../../platform/ids.ts'
import { silentLog as log } from '../../platform/log.ts'
import { createMetrics } from '../../platform/metrics.ts'
import { migrate } from '../../platform/postgres.ts'
import { systemRandom as random } from '../../platform/random.ts'
import { createSecrets } from '../../platform/secrets.ts'
import { memorySoftState } from '../../platform/soft-state-memory.ts'
import { createWakes } from '../../platform/wakes.ts'
import { openForCommand, refuseWithoutData } from '../command-ground.ts'

export type Keys = Pick<Identity, 'createKey' | 'listKeys' | 'revokeKey'> & AsyncDisposable & { now(): number }

/** Identity on the database alone. Other nodes hear of a change when they look next, which is within five seconds. */
export async function openKeys(machine: Machine): Promise<Keys> {
  const { identity: options } = await loadConfig(machine.config || undefined)
  await refuseWithoutData(machine)
  const ground = await openForCommand(machine)
  try {
    await migrate(ground.kysely, migrations)
    const { clock } = ground
    const data = await ground.openData()
    const soft = memorySoftState(systemClock)
    const wakes = await createWakes({ clock, soft, log, node: 'command line' })
    const db = createDb(ground.kysely, { clock: systemClock, random })
    const identity = createIdentity(
      {
        ...{ clock, random, db, wakes, log, mintId: idMint(clock), secrets: createSecrets(data.rootSecret) },
        ...{ limits: createLimits(soft, clock.now), metrics: createMetrics({ process: false }) },
      },
      options,
    )
    const { createKey, listKeys, revokeKey } = identity
    const dispose = async () => {
      await wakes[Symbol.asyncDispose]()
      await soft[Symbol.asyncDispose]()
      await ground[Symbol.asyncDispose]()
    }
    return { createKey, listKeys, revokeKey, now: clock.now, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await ground[Symbol.asyncDispose]()
    throw error
  }
}
