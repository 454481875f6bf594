import { once } from 'node:events'
import { chown, mkdtemp, readFile, rm, rmdir, unlink, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'
import { readPostmasterFile } from './lock-files.ts'
import { EmbeddedPostgresRefusal } from './refusal.ts'
import type { User } from './run-as.ts'
import { SOCKET_PORT } from './settings.ts'

/** Where the server answers: in a folder, by Unix socket, or on Windows by loopback TCP. */
export interface Address {
  host: string
  port: number
}

const SOCKET_NAME = `.s.PGSQL.${SOCKET_PORT}`
/** The system's limit for the path of a socket, without its ending zero: 107 on Linux, 103 on macOS. */
const SOCKET_PATH_BYTES_MAX = 103
const LOOPBACK = '127.0.0.1'

/** Which folder for temporary files to take away, should its Muster not come to do it. */
const socketDirRecord = ({ dir }: Cluster) => join(dir, 'socket-dir')

/**
 * The socket lies with the data, where only Muster comes. If it cannot, because its path would be too long or the file
 * system (a folder shared into a container, say) has no sockets, it lies in a private folder for temporary files.
 */
export async function chooseAddress({ pgdata }: Cluster, user: User): Promise<Address> {
  if (process.platform === 'win32') return { host: LOOPBACK, port: await freeLoopbackPort() }
  if (await canHoldSocket(pgdata)) return { host: pgdata, port: SOCKET_PORT }
  // Another user may not be able to enter the folder that the environment names.
  const host = await mkdtemp(join(user === undefined ? tmpdir() : '/tmp', 'muster-'))
  if (user !== undefined) await chown(host, user.uid, user.gid)
  if (await canHoldSocket(host)) return { host, port: SOCKET_PORT }
  await rmdir(host)
  throw new EmbeddedPostgresRefusal(
    `PostgreSQL's socket can be made neither in ${pgdata} nor in ${host}: a socket's path has at most ` +
      `${SOCKET_PATH_BYTES_MAX} bytes. Choose a data folder with a shorter path, or set TMPDIR to one.`,
  )
}

/** Where the server that runs, or was killed, on this data answers; undefined when it ended in good order. */
export function addressOfServer(pgdata: string): Address | undefined {
  const file = readPostmasterFile(pgdata)
  if (file === undefined) return undefined
  if (process.platform === 'win32') return { host: LOOPBACK, port: file.port }
  return { host: file.socketDir === '.' ? pgdata : file.socketDir, port: file.port }
}

/** To be called by whoever has the server: takes away what an earlier one left, and notes what this one would leave. */
export async function noteAddress(cluster: Cluster, { host }: Address): Promise<void> {
  const earlier = await notedSocketDir(cluster)
  if (earlier !== undefined && earlier !== host) await removeSocketDir(earlier)
  await rm(socketDirRecord(cluster), { force: true })
  if (isTemporary(cluster, host)) await writeFile(socketDirRecord(cluster), host, { mode: 0o600 })
}

/** To be called once no server uses it any more. */
export async function leaveAddress(cluster: Cluster, { host }: Address): Promise<void> {
  if (!isTemporary(cluster, host)) return
  await removeSocketDir(host)
  // A start that was refused leaves the note of the one that has the data.
  if ((await notedSocketDir(cluster)) === host) await rm(socketDirRecord(cluster), { force: true })
}

const notedSocketDir = (cluster: Cluster) => readFile(socketDirRecord(cluster), 'utf8').catch(() => undefined)

const isTemporary = ({ pgdata }: Cluster, host: string) => host !== pgdata && host !== LOOPBACK

async function removeSocketDir(dir: string): Promise<void> {
  for (const name of [SOCKET_NAME, `${SOCKET_NAME}.lock`]) await unlink(join(dir, name)).catch(() => undefined)
  await rmdir(dir).catch(() => undefined)
}

export const socketLockFile = (pgdata: string) => join(pgdata, `${SOCKET_NAME}.lock`)

/** Whether anybody takes connections there; a server in another container is seen by this alone. */
export async function answers({ host, port }: Address): Promise<boolean> {
  const socket = process.platform === 'win32' ? connect(port, host) : connect(join(host, SOCKET_NAME))
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function canHoldSocket(dir: string): Promise<boolean> {
  if (Buffer.byteLength(join(dir, SOCKET_NAME)) > SOCKET_PATH_BYTES_MAX) return false
  const trial = join(dir, '.s.trial')
  await rm(trial, { force: true })
  const server = createServer().listen(trial)
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
    await rm(trial, { force: true })
  }
}

async function freeLoopbackPort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : SOCKET_PORT
}
