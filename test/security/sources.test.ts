import { describe, expect, it } from 'vitest'
import { shippedSources } from './source-texts.ts'

const sources = shippedSources()
const server = sources.filter(({ path }) => path.startsWith('packages/server/src/'))

/** Where a pattern stands, but for files that may have it. */
const found = (pattern: RegExp, within = server, may: readonly string[] = []): string[] =>
  within.flatMap(({ path, text }) =>
    may.includes(path) ? [] : [...text.matchAll(pattern)].map(([hit]) => `${path}: ${hit.trim()}`),
  )

describe('the sources', () => {
  it('[security 15] draw no secret from anything but the system’s generator, and take no UUID for one', () => {
    expect(server.length).toBeGreaterThan(200)
    const uuids = found(/.*randomUUID\(\).*/g)
    // Names of requests and of a draft file: neither opens anything.
    expect(uuids.filter((line) => !/`req_\$\{|draft/.test(line))).toEqual([])
    expect(found(/Math\.random\(/g, sources, ['packages/server/src/platform/random.ts'])).toEqual([])
    const draws = server.flatMap(({ text }) => [...text.matchAll(/randomBytes\((\d+)\)(?!\.toString\('hex'\)\}`)/g)])
    expect(draws.length).toBeGreaterThan(4)
    const short = draws.filter(([, bytes]) => Number(bytes) < 16).map(([hit, bytes]) => [hit, Number(bytes)])
    // The number of an access token, which is signed; names of files and of nodes.
    expect(short.every(([, bytes]) => bytes === 9 || Number(bytes) < 8)).toBe(true)
  })

  it('[security 32] give the database no text that was put together, and a shell nothing at all', () => {
    const raw = found(/sql\.raw\((?!\s*['`][^$]*?['`],?\s*\))[^)]*\)/g)
    // Migrations are texts of ours, and run as they stand; one fixed expression stands in a migration and in queries.
    const fixed = raw.filter((one) => /fleet\/store\/sql-(allocations|offered)\.ts: sql\.raw\(freeSlots\)$/.test(one))
    expect(raw.filter((one) => !fixed.includes(one))).toEqual([
      'packages/server/src/platform/postgres.ts: sql.raw(text)',
    ])
    expect(found(/\.query\(\s*`[^`]*\$\{/g)).toEqual([])
    expect(found(/\bshell:\s*(true|['"`])|\bexec(Sync)?\(\s*[`'"]|\beval\(|new Function\(/g)).toEqual([])
    // The shells that there are run fixed texts: one ends PostgreSQL when Muster is gone, one ends all of a user's processes.
    const shells = found(/.*['"]\/bin\/(ba)?sh['"].*/g)
    expect(shells).toEqual([
      expect.stringMatching(/launcher\/server-users\.ts: .*'-c', 'kill -KILL -1'\]/),
      expect.stringMatching(/embedded-postgres\/watcher\.ts: .*'-c', SCRIPT/),
    ])
  })

  it('[security 33] call nobody whom a caller names: whoever calls out goes by one gate, which knows hosts by name', () => {
    const calls =
      /\bfetch\((?!\))|\bhttps?\.(request|get)\(|\bnet\.connect\(|new WebSocket\(|\bcreateConnection\(|\bconnect\(port/g
    const may = [
      'packages/server/src/platform/outbound.ts',
      // The demo calls the server that its user named; a local socket is asked whether PostgreSQL answers.
      'packages/server/src/cli/demo/server.ts',
      'packages/server/src/platform/embedded-postgres/address.ts',
    ]
    expect(found(calls, server, may)).toEqual([])
    expect(may.filter((path) => !server.some((source) => source.path === path))).toEqual([])
  })
})
