import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask } from '../../../test/embedded-postgres/ask.ts'
import { type Checkout, checkoutAt, checkoutIn } from '../../../test/embedded-postgres/checkout.ts'
import { childMuster } from '../../../test/embedded-postgres/child-muster.ts'
import { removeFolder } from '../../../test/embedded-postgres/remove-folder.ts'
import { pidsSaying, processFacts } from './processes.ts'
import { linkLibraries } from './program-copy.ts'

const isRoot = process.geteuid?.() === 0
/** Root can be an ordinary user too; everyone else is one already. This account is on every system. */
const ordinary = isRoot ? 65_534 : undefined
const ordinaryUid = ordinary ?? process.geteuid?.()

let base: string
let pristine: string
let folder: string
let dataDir: string
let count = 0

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'muster-places-')))
  await chmod(base, 0o755)
  pristine = join(base, 'pristine')
  await checkoutIn(pristine)
})
afterAll(() => removeFolder(base))

beforeEach(async () => {
  count += 1
  folder = join(base, String(count))
  dataDir = join(folder, 'data')
  await mkdir(dataDir, { recursive: true })
  if (ordinary !== undefined) await chown(dataDir, ordinary, ordinary)
})

async function copiedTo(dir: string): Promise<Checkout> {
  await cp(pristine, dir, { recursive: true })
  return checkoutAt(dir)
}

const serverPid = () => pidsSaying(`muster.cluster=${dataDir}/`)[0] ?? 0
const programOf = (pid: number) => processFacts(pid)?.commandLine.split(' ')[0]
const uidOf = (pid: number) => Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

describe('where the programs are run from', () => {
  it('is where npm put them, and the links that their libraries need are made there', async () => {
    const checkout = await copiedTo(join(folder, 'checkout'))
    expect(existsSync(join(checkout.packageDir, 'native/lib/libpq.so.5'))).toBe(false)
    await using muster = childMuster({ dataDir, checkout })
    await muster.started
    expect(programOf(serverPid())).toBe(join(checkout.packageDir, 'native/bin/postgres'))
    expect(existsSync(join(checkout.packageDir, 'native/lib/libpq.so.5'))).toBe(true)
  })

  it('is a copy with the data for an ordinary user who may not write there, made once', async () => {
    const checkout = await copiedTo(join(folder, 'checkout'))
    await chmod(join(checkout.packageDir, 'native/lib'), 0o555)
    const copies: string[] = []
    for (const _start of [1, 2]) {
      await using muster = childMuster({ dataDir, checkout, uid: ordinary })
      const { pid, connection } = await muster.started
      expect(await ask(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
      expect(programOf(pid)?.startsWith(join(dataDir, 'programs/postgresql-'))).toBe(true)
      expect(uidOf(pid)).toBe(ordinaryUid)
      copies.push(...muster.said.filter((line) => line.startsWith('copying')))
      await muster.kill('SIGTERM')
    }
    expect(copies).toHaveLength(1)
    await chmod(join(checkout.packageDir, 'native/lib'), 0o755)
  })

  it('is a copy outside a checkout that only its owner may enter, if that is root', async () => {
    const closed = join(folder, 'closed')
    dataDir = join(closed, 'checkout/data')
    await mkdir(closed, { mode: 0o700 })
    const checkout = await copiedTo(join(closed, 'checkout'))
    const programDirs = [join(dataDir, 'programs'), join(folder, 'open')]
    await using muster = childMuster({ dataDir, checkout, programDirs })
    const { pid, connection } = await muster.started
    expect(await ask(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(programOf(pid)?.startsWith(isRoot ? join(folder, 'open/postgresql-') : checkout.packageDir)).toBe(true)
    expect(uidOf(pid)).toBe(ordinaryUid)
    expect(existsSync(join(dataDir, 'cluster/pgdata'))).toBe(true)
  })

  it('is nowhere if nowhere will do, and then it is said what was tried and what to do', async () => {
    const checkout = await copiedTo(join(folder, 'checkout'))
    await chmod(join(checkout.packageDir, 'native/lib'), 0o555)
    await using muster = childMuster({ dataDir, checkout, uid: ordinary, programDirs: ['/dev/null/programs'] })
    const refused = expect(muster.started).rejects
    await refused.toThrow(/^EmbeddedPostgresRefusal: The embedded PostgreSQL does not run here/)
    await refused.toThrow(/libicui18n.*\n.*\/dev\/null\/programs.*ENOTDIR.*\n.*DATABASE_URL/s)
    expect(existsSync(join(dataDir, 'cluster'))).toBe(false)
    await chmod(join(checkout.packageDir, 'native/lib'), 0o755)
  })
})

describe('a system without a build', () => {
  it('is told so, and to bring its own database', async () => {
    const checkout = await copiedTo(join(folder, 'checkout'))
    await rm(checkout.packageDir, { recursive: true })
    await using muster = childMuster({ dataDir, checkout })
    await expect(muster.started).rejects.toThrow(/package @embedded-postgres\/\S+ is not installed.*DATABASE_URL/s)
  })

  it('is told that musl is not supported where the programs find no loader', async () => {
    const checkout = await copiedTo(join(folder, 'checkout'))
    await writeFile(join(checkout.packageDir, 'native/bin/postgres'), '#!/lib/no-such-loader.so\n')
    await using muster = childMuster({ dataDir, checkout, programDirs: [] })
    await expect(muster.started).rejects.toThrow(/glibc: Alpine.*DATABASE_URL/s)
  })
})

if (isRoot) {
  describe('data of another user', () => {
    it('is served as that user when root starts it, and stays usable for that user', async () => {
      const checkout = await copiedTo(join(folder, 'checkout'))
      const daemon = 1
      await chown(dataDir, daemon, daemon)
      for (const uid of [daemon, undefined, daemon]) {
        await using muster = childMuster({ dataDir, checkout, uid })
        const { pid } = await muster.started
        expect(uidOf(pid)).toBe(daemon)
        await muster.kill('SIGTERM')
      }
    })

    it('is refused to an ordinary user, who is told whose it is', async () => {
      const checkout = await copiedTo(join(folder, 'checkout'))
      await using first = childMuster({ dataDir, checkout })
      await first.started
      await first.kill('SIGTERM')
      await using second = childMuster({ dataDir, checkout, uid: ordinary })
      await expect(second.started).rejects.toThrow(/belongs to uid 0, and this process is uid 65534.*chown -R 65534/s)
    })

    it('cannot be made in a folder where an ordinary user may not write', async () => {
      const checkout = await copiedTo(join(folder, 'checkout'))
      await linkLibraries(join(checkout.packageDir, 'native'))
      await chown(dataDir, 0, 0)
      await using muster = childMuster({ dataDir, checkout, uid: ordinary })
      await expect(muster.started).rejects.toThrow(/^EmbeddedPostgresRefusal: .*EACCES.*\/data/)
    })

    it('cannot be made by a user without an account, who is told so', async () => {
      const checkout = await copiedTo(join(folder, 'checkout'))
      const stranger = 54_321
      await chown(dataDir, stranger, stranger)
      await using muster = childMuster({ dataDir, checkout, uid: stranger })
      await expect(muster.started).rejects.toThrow(/wants its user to have an account/)
      expect(existsSync(join(dataDir, 'cluster'))).toBe(false)
    })
  })
}
