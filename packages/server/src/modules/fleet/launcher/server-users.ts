import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerId } from '@muster/protocol'
import { livingPid, ownIdentity } from '../../../platform/embedded-postgres/processes.ts'
import { makeUsersFolder, type UserRange } from './isolation.ts'
import { memoryTogether, processesByUser } from './process-users.ts'

/** A user that one server has to itself, and a folder that is gone with it. */
export interface ServerUser {
  uid: number
  home: string
}

/** Whose a user is: written down beside its folder, so that a later Muster knows it. */
interface Owner {
  node: string
  server: ServerId
  memoryBytesMax: number
}

export interface TakenUser extends Owner, ServerUser {
  pids: readonly number[]
  memoryBytes: number
}

/** The users of launched servers on this machine. */
export interface ServerUsers {
  /** One that nobody has, and as which nothing runs; null where there is none left. */
  take(owner: Owner): Promise<ServerUser | null>
  takenBy(node: string): Promise<TakenUser[]>
  /** Kills whatever runs as the server's user. Takes the user back if nobody is left. */
  end(server: ServerId): Promise<void>
  /** Takes back those given before that time as whom nothing runs, whoever gave them. */
  removeAbandoned(before: number): Promise<void>
}

const triesMax = 1_000
/** Below are root and the system's own, as whom nothing is ever ended. The range may have been another before. */
const uidMin = 1_000
const killMs = 5_000
/** A claim in the making, with who makes it. */
const halfMade = /^new-(\d+)-([^-]*)-/

export function serverUsers({ first, last, folder }: UserRange): ServerUsers {
  const placeOf = (uid: number) => join(folder, String(uid))
  const homeOf = (uid: number) => join(placeOf(uid), 'home')

  async function claims(): Promise<(Owner & { uid: number })[]> {
    const found: (Owner & { uid: number })[] = []
    for (const name of await readdir(folder).catch(() => [])) {
      const [, pid, stamp] = halfMade.exec(name) ?? []
      if (pid !== undefined && livingPid(`${pid}/${stamp}`) === undefined) await remove(join(folder, name))
      const uid = Number(name)
      if (!Number.isSafeInteger(uid) || uid < uidMin) continue
      const text = await readFile(join(placeOf(uid), 'owner.json'), 'utf8').catch(() => null)
      const owner = text === null ? null : ownerIn(text)
      if (owner !== null) found.push({ ...owner, uid })
    }
    return found
  }

  async function taken(isWanted: (owner: Owner) => boolean): Promise<TakenUser[]> {
    const wanted = (await claims()).filter(isWanted)
    if (wanted.length === 0) return []
    const uids = wanted.map(({ uid }) => uid)
    const running = await processesByUser(Math.min(...uids), Math.max(...uids))
    const users: TakenUser[] = []
    for (const claim of wanted) {
      const { pids = [], memoryBytes = 0 } = running.get(claim.uid) ?? {}
      const isTooMuch = memoryBytes > claim.memoryBytesMax && pids.length > 1
      users.push({
        ...claim,
        home: homeOf(claim.uid),
        pids,
        memoryBytes: (isTooMuch ? await memoryTogether(pids) : null) ?? memoryBytes,
      })
    }
    return users
  }

  /** Gives what was made to the first user who is free. */
  async function place(made: string, server: ServerId): Promise<ServerUser | null> {
    const running = await processesByUser(first, last)
    const size = last - first + 1
    // Where to begin differs from server to server, so that what one left lying about is hardly ever another's.
    const begin = createHash('sha256').update(server).digest().readUInt32BE()
    for (let tries = 0; tries < Math.min(size, triesMax); tries++) {
      const uid = first + ((begin + tries) % size)
      if (running.has(uid)) continue
      await chown(join(made, 'home'), uid, uid)
      // A folder takes the place of none that holds something: of two who want it, one has it.
      const failed = await rename(made, placeOf(uid)).then(
        () => null,
        (error: NodeJS.ErrnoException) => error,
      )
      if (failed === null) return { uid, home: homeOf(uid) }
      if (failed.code !== 'ENOTEMPTY' && failed.code !== 'EEXIST') throw failed
    }
    return null
  }

  /** Whose it was goes last: should this process die in between, a later one finds what is left. */
  async function takeBack(uid: number): Promise<void> {
    await remove(homeOf(uid))
    await remove(placeOf(uid))
  }

  return {
    async take(owner) {
      const problem = await makeUsersFolder(folder)
      if (problem !== null) throw new Error(problem)
      const made = join(folder, `new-${ownIdentity().replace('/', '-')}-${owner.server}`)
      try {
        await mkdir(made, { mode: 0o711 })
        await writeFile(join(made, 'owner.json'), JSON.stringify(owner), { mode: 0o600 })
        await mkdir(join(made, 'home'), { mode: 0o700 })
        return await place(made, owner.server)
      } finally {
        await remove(made)
      }
    },
    takenBy: (node) => taken((owner) => owner.node === node),
    async end(server) {
      for (const { uid, pids } of await taken((owner) => owner.server === server)) {
        // Those just killed may take a moment to be gone.
        if (pids.length > 0) await killUser(uid)
        else await takeBack(uid)
      }
    },
    async removeAbandoned(before) {
      for (const { uid, pids } of await taken(() => true)) {
        const facts = await stat(placeOf(uid)).catch(() => null)
        if (pids.length === 0 && facts !== null && facts.mtimeMs < before) await takeBack(uid)
      }
    },
  }
}

/** Null for what a loss of power has left of it. */
function ownerIn(text: string): Owner | null {
  try {
    return JSON.parse(text) as Owner
  } catch {
    return null
  }
}

/** All at once, by one who may signal nobody else: between one look and the next, a fork bomb would be elsewhere. */
async function killUser(uid: number): Promise<void> {
  const isDone = await new Promise<boolean>((resolve) => {
    const options = {
      uid,
      gid: uid,
      cwd: '/',
      env: {},
      stdio: 'ignore',
      timeout: killMs,
      killSignal: 'SIGKILL',
    } as const
    const killer = spawn('/bin/sh', ['-c', 'kill -KILL -1'], options)
    killer.once('error', () => resolve(false))
    killer.once('exit', (code) => resolve(code === 0))
  })
  if (isDone) return
  for (const pid of (await processesByUser(uid, uid)).get(uid)?.pids ?? []) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

const remove = (path: string) => rm(path, { recursive: true, force: true })
