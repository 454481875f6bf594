import type { Redis, Store } from '../cluster/stores.ts'
import type { Fault, FaultKind } from './fault.ts'

const stopped = (store: Store, lastsMs: number): Fault => ({
  ...{ kind: `SIGSTOP of ${store.name}`, on: store.name, begin: store.stop, lastsMs, heal: store.goOn },
})
const killed = (store: Store, lastsMs: number): Fault => ({
  ...{ kind: `kill -9 of ${store.name}`, on: store.name, begin: store.kill, lastsMs, heal: store.start },
})
const restarted = (store: Store, how: 'SIGINT' | 'SIGTERM'): Fault => ({
  ...{ kind: `restart of ${store.name}`, on: store.name, begin: () => store.end(how), lastsMs: 200, heal: store.start },
})

export const postgresFaults: Record<string, FaultKind> = {
  'kill -9 of PostgreSQL': ({ cluster, chance }) => killed(cluster.postgres, chance.between(200, 3_000)),
  // The fast way to shut down: sessions are cut, nothing is left to recover.
  'restart of PostgreSQL': ({ cluster }) => restarted(cluster.postgres, 'SIGINT'),
  'SIGSTOP of PostgreSQL': ({ cluster, chance }) => stopped(cluster.postgres, chance.between(2_000, 6_000)),
}

export const redisFaults = (redis: Redis): Record<string, FaultKind> => ({
  'kill -9 of Redis': ({ chance }) => killed(redis, chance.between(200, 4_000)),
  'restart of Redis': () => restarted(redis, 'SIGTERM'),
  'SIGSTOP of Redis': ({ chance }) => stopped(redis, chance.between(2_000, 6_000)),
  FLUSHALL: () => ({ kind: 'FLUSHALL', on: 'Redis', begin: redis.flush, lastsMs: 0, heal: () => undefined }),
})
