import { mkdtemp, readFile, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask } from '../../../test/embedded-postgres/ask.ts'
import { childMuster } from '../../../test/embedded-postgres/child-muster.ts'
import { removeFolder } from '../../../test/embedded-postgres/remove-folder.ts'
import { EmbeddedPostgresRefusal, startEmbeddedPostgres } from './index.ts'

let folder: string
let dataDir: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'muster-pg-')))
  dataDir = join(folder, 'data')
})
afterEach(() => removeFolder(folder))

describe('two starts on one folder', () => {
  it('refuses the second, naming the process that has it, and does not disturb the first', async () => {
    await using muster = childMuster({ dataDir, writers: 1 })
    const { connection } = await muster.started
    const refused = startEmbeddedPostgres({ dataDir })
    await expect(refused).rejects.toThrow(EmbeddedPostgresRefusal)
    await expect(refused).rejects.toThrow(`is in use by another Muster (process ${muster.pid})`)
    await muster.moreRows(10)
    expect(await ask(connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('leaves the socket of the first alone where that lies in a temporary folder', async () => {
    const deep = join(dataDir, 'a'.repeat(60), 'b'.repeat(60))
    await using first = await startEmbeddedPostgres({ dataDir: deep })
    await expect(startEmbeddedPostgres({ dataDir: deep })).rejects.toThrow(`(process ${process.pid})`)
    expect(await ask(first.connection, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(await readFile(join(deep, 'cluster/socket-dir'), 'utf8')).toBe(first.connection.host)
  })

  it('lets exactly one of several first starts have the folder', async () => {
    const musters = Array.from({ length: 4 }, () => childMuster({ dataDir }))
    try {
      const outcomes = await Promise.allSettled(musters.map(({ started }) => started))
      const winner = musters[outcomes.findIndex(({ status }) => status === 'fulfilled')]
      const refusals = outcomes
        .filter(({ status }) => status === 'rejected')
        .map((outcome) => `${Object(outcome).reason}`)
      expect(refusals).toHaveLength(3)
      for (const refusal of refusals) expect(refusal).toContain(`in use by another Muster (process ${winner?.pid})`)
    } finally {
      for (const muster of musters) await muster[Symbol.asyncDispose]()
    }
  })

  it('lets the next one in as soon as the first has stopped', async () => {
    await using first = childMuster({ dataDir })
    await first.started
    await first.kill('SIGTERM')
    await using _second = await startEmbeddedPostgres({ dataDir })
  })
})
