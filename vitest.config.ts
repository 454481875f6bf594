import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (name: string) => fileURLToPath(new URL(`./packages/${name}/src/index.ts`, import.meta.url))
const alias = {
  '@muster/protocol/ticket-header': fileURLToPath(new URL('./packages/protocol/src/ticket-header.ts', import.meta.url)),
  '@muster/protocol': source('protocol'),
  '@muster/netcode': source('netcode'),
  '@muster/client': source('client'),
  '@muster/gameserver': source('gameserver'),
  '@muster/server': source('server'),
}
const roots = ['packages/*/{src,test}', 'examples/*/{src,test}', 'test', 'bench']
const named = (ending: string) => roots.map((root) => `${root}/**/*${ending}`)

/** A test file says what it needs by its suffix: each suffix is a project, and `.test.ts` alone needs nothing. */
const suffixes = [
  '.pg.test.ts',
  '.redis.test.ts',
  '.process.test.ts',
  '.nodes.test.ts',
  '.browser.test.ts',
  '.rust.test.ts',
  '.sim.test.ts',
]

export default defineConfig({
  resolve: { alias },
  test: {
    // Every core: the usual one less leaves a machine of two with one.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: named('.test.ts'),
          exclude: suffixes.flatMap(named),
          // None of them waits; on a machine that does other work the longest computes for some seconds.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: { name: 'sim', include: named('.sim.test.ts'), testTimeout: 600_000 },
      },
      {
        extends: true,
        test: {
          name: 'pg',
          include: named('.pg.test.ts'),
          globalSetup: 'packages/server/test/postgres-setup.ts',
          // They share a server, whose oldest open transaction is every database's.
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: 'redis', include: named('.redis.test.ts'), testTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'process',
          include: named('.process.test.ts'),
          globalSetup: ['packages/server/test/build-setup.ts', 'packages/server/test/postgres-setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'rust',
          include: named('.rust.test.ts'),
          globalSetup: ['packages/server/test/build-setup.ts', 'packages/server/test/rust-setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'nodes',
          include: named('.nodes.test.ts'),
          globalSetup: 'packages/server/test/nodes/setup.ts',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
