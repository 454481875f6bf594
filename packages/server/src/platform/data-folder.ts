import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ConfigError } from './options.ts'

/** The folder that keeps what this machine must not lose: its database, its root secret, its name. */
export interface DataFolder {
  path: string
  /** 32 bytes, made at first start with mode 0600, or read from a file that the operator names. */
  rootSecret: Buffer
  /** This machine's name among the nodes, the same after every restart. */
  node: string
  /** Where the embedded PostgreSQL keeps its own. */
  postgres: string
}

/** Makes what is missing and refuses what is unsafe. */
export async function openDataFolder(path: string, secretFile?: string): Promise<DataFolder> {
  const folder = resolve(path)
  await makeFolder(folder)
  const secrets = join(folder, 'secrets')
  await makeFolder(secrets, 0o700)
  await chmod(secrets, 0o700)
  const node = (await readOrMake(join(folder, 'node-name'), () => `node-${randomBytes(5).toString('hex')}\n`)).trim()
  const secretPath = secretFile ?? join(secrets, 'root.key')
  const text =
    secretFile === undefined
      ? await readOrMake(secretPath, () => `${randomBytes(32).toString('hex')}\n`)
      : await readGiven(secretPath)
  // A file that the operator mounts (a container's secret, say) has the mode that its platform gives it.
  if (secretFile === undefined) await refuseReadableByOthers(secretPath)
  const hex = text.trim()
  if (!/^[0-9a-f]{64}$/i.test(hex)) {
    throw new ConfigError('The environment', [
      `MUSTER_SECRET_FILE: ${secretPath} must hold 64 hex digits: \`openssl rand -hex 32\` makes them`,
    ])
  }
  return { path: folder, rootSecret: Buffer.from(hex, 'hex'), node, postgres: join(folder, 'postgres') }
}

/** Whether a Muster has kept its secret there, and its database too, if it brings its own. */
export async function holdsData(path: string, { secret, database }: { secret: boolean; database: boolean }) {
  const folder = resolve(path)
  const wanted = [
    ...(secret ? [join(folder, 'secrets', 'root.key')] : []),
    ...(database ? [join(folder, 'postgres')] : []),
  ]
  const found = await Promise.all(wanted.map((one) => stat(one).catch(() => null)))
  return found.every((one) => one !== null)
}

/** With the folders above it. Node's own recursive `mkdir` would try for ever where a folder takes no new ones and says
 *  that it does not exist, as those of `/proc` do. */
async function makeFolder(path: string, mode?: number): Promise<void> {
  try {
    await mkdir(path, mode)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await isFolder(path))) return
    if (code === 'EEXIST' || code === 'ENOTDIR') throw wrongFolder(`${path} is not a folder`)
    if (code !== 'ENOENT') throw error
    if (await isFolder(dirname(path))) throw wrongFolder(`${path} cannot be made: ${message}`)
    await makeFolder(dirname(path))
    await makeFolder(path)
  }
}

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

const wrongFolder = (why: string): ConfigError => new ConfigError('The environment', [`MUSTER_DATA: ${why}`])

async function readGiven(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigError('The environment', [`MUSTER_SECRET_FILE: it cannot be read: ${(error as Error).message}`])
  }
}

/** Two processes that start at once agree: the file appears whole, and only once. */
async function readOrMake(path: string, make: () => string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, make(), { mode: 0o600, flush: true })
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
  return readFile(path, 'utf8')
}

async function refuseReadableByOthers(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw new ConfigError('The environment', [`MUSTER_DATA: others may read ${path}: run \`chmod 600 ${path}\``])
  }
}
