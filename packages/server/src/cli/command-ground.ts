import type { Kysely } from 'kysely'
import type { Machine } from '../config.ts'
import { syncClock } from '../platform/clock.ts'
import { type DataFolder, openDataFolder } from '../platform/data-folder.ts'
import { readDatabaseClock } from '../platform/db.ts'
import { findRunningPostgres, startEmbeddedPostgres } from '../platform/embedded-postgres/index.ts'
import { silentLog } from '../platform/log.ts'
import { openPostgres } from '../platform/postgres.ts'

export interface CommandGround extends AsyncDisposable {
  kysely: Kysely<unknown>
  clock: Awaited<ReturnType<typeof syncClock>>
  /** Made where there is none. */
  openData(): Promise<DataFolder>
}

const connectionsMax = 4

/** The database, for a command that works on it directly: the one that is named, else that of the Muster which runs on the
 *  data folder, else the folder's own, started for as long as the command runs. */
export async function openForCommand(machine: Machine): Promise<CommandGround> {
  const releases: (() => Promise<unknown>)[] = []
  const release = async () => {
    for (const one of releases.splice(0).reverse()) await one()
  }
  try {
    const openData = () => openDataFolder(machine.data, machine.secretFile || undefined)
    const connection = machine.databaseUrl || (await embeddedIn((await openData()).postgres, releases))
    const kysely = openPostgres({ connection, connectionsMax, log: silentLog })
    releases.push(() => kysely.destroy())
    const clock = await syncClock(() => readDatabaseClock(kysely))
    releases.push(async () => clock[Symbol.asyncDispose]())
    return { kysely, clock, openData, [Symbol.asyncDispose]: release }
  } catch (error) {
    await release()
    throw error
  }
}

async function embeddedIn(folder: string, releases: (() => Promise<unknown>)[]) {
  const running = await findRunningPostgres(folder)
  if (running !== undefined) return running.connection
  const own = await startEmbeddedPostgres({ dataDir: folder })
  releases.push(() => own.stop())
  return own.connection
}
