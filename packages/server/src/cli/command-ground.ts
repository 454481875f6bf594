import { resolve } from 'node:path'
import type { Kysely } from 'kysely'
import type { Machine } from '../config.ts'
import { syncClock } from '../platform/clock.ts'
import { type DataFolder, holdsData, openDataFolder } from '../platform/data-folder.ts'
import { readDatabaseClock } from '../platform/db.ts'
import { findRunningPostgres, startEmbeddedPostgres } from '../platform/embedded-postgres/index.ts'
import { silentLog } from '../platform/log.ts'
import { openPostgres } from '../platform/postgres.ts'
import { CommandRefusal } from './command.ts'

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

/** For commands that make no sense on data of which there is none yet: in a folder mistaken for another they would make a
 *  new database, and find nothing in it. */
export async function refuseWithoutData(
  { data, secretFile, databaseUrl }: Machine,
  needed: { secret: boolean } = { secret: true },
): Promise<void> {
  if (await holdsData(data, { secret: needed.secret && secretFile === '', database: databaseUrl === '' })) return
  if (databaseUrl !== '') {
    throw new CommandRefusal(
      `There is no root secret in ${resolve(data)}. Name its file with MUSTER_SECRET_FILE, or with --data or MUSTER_DATA a folder that holds it.`,
    )
  }
  throw new CommandRefusal(
    `There is no Muster data in ${resolve(data)}. Name its folder with --data or MUSTER_DATA; a new one is made by \`muster serve\`.`,
  )
}

async function embeddedIn(folder: string, releases: (() => Promise<unknown>)[]) {
  const running = await findRunningPostgres(folder)
  if (running !== undefined) return running.connection
  const own = await startEmbeddedPostgres({ dataDir: folder })
  releases.push(() => own.stop())
  return own.connection
}
