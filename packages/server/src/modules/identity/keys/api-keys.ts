import { type KeyId, Refusal, type Scope } from '@muster/protocol'
import type { Clock } from '../../../platform/clock.ts'
import { afterCommit, type Db } from '../../../platform/db.ts'
import type { Caller } from '../../../platform/http/route.ts'
import type { MintId } from '../../../platform/ids.ts'
import type { Log } from '../../../platform/log.ts'
import type { Random } from '../../../platform/random.ts'
import { repeating } from '../../../platform/repeat.ts'
import { sameSecret } from '../../../platform/secrets.ts'
import type { Wakes } from '../../../platform/wakes.ts'
import type { IdentityOptions } from '../config.ts'
import type { ApiKeyRow, IdentityStore } from '../store/index.ts'
import { apiKeyHash, mintApiKey, parseApiKey } from './api-key.ts'

export interface NewApiKey {
  name: string
  scopes: Scope[]
  expiresAtMs?: number | null
}

/** What may be shown of a key. */
export type ApiKeyView = Omit<ApiKeyRow, 'secretHash'>

/** Keys of servers, services and operators. */
export interface ApiKeys {
  /** `actor` is who makes it, for the audit. The secret is told here and never again. */
  create(key: NewApiKey, actor: string, mintId?: MintId): Promise<{ key: ApiKeyView; secret: string }>
  list(): Promise<ApiKeyView[]>
  /** Throws KEY_NOT_FOUND for a key that is unknown or revoked already. */
  revoke(id: KeyId, actor: string): Promise<void>
  authenticate(text: string): Promise<Caller | null>
  /** What a key may do right now: nothing, once it has ended. */
  scopesOf(id: KeyId): Promise<readonly Scope[]>
  start(): void
  stop(): Promise<void>
}

interface KeysGround {
  clock: Clock
  random: Random
  mintId: MintId
  db: Db
  store: IdentityStore
  wakes: Wakes
  log: Log
}

const topic = 'key'
/** When a key was last used is told to the minute. */
const usedEveryMs = 60_000

const viewOf = ({ secretHash: _, ...view }: ApiKeyRow): ApiKeyView => view

export function createApiKeys(
  ground: KeysGround,
  options: Pick<IdentityOptions, 'keyCacheMs' | 'keysCachedMax'>,
): ApiKeys {
  const { clock, db, store, wakes } = ground
  const cached = new Map<KeyId, { row: ApiKeyRow; untilMs: number }>()
  const used = new Map<KeyId, number>()
  let stop: () => Promise<void> = async () => undefined

  async function rowOf(id: KeyId): Promise<ApiKeyRow | null> {
    const now = clock.now()
    const known = cached.get(id)
    if (known !== undefined && known.untilMs > now) return known.row
    cached.delete(id)
    const row = await db.once((tx) => store.keys.read(tx, id))
    if (row === null) return null
    for (const oldest of cached.keys()) {
      if (cached.size < options.keysCachedMax) break
      cached.delete(oldest)
    }
    cached.set(id, { row, untilMs: now + options.keyCacheMs })
    return row
  }

  /** Null where it is unknown, or has ended. */
  async function liveRow(id: KeyId): Promise<ApiKeyRow | null> {
    const row = await rowOf(id)
    if (row === null || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= clock.now())) return null
    return row
  }

  async function writeUsed() {
    if (used.size === 0) return
    const batch = [...used].map(([id, at]) => ({ id, at }))
    used.clear()
    await db.once((tx) => store.keys.touch(tx, batch))
  }

  return {
    async create({ name, scopes, expiresAtMs }, actor, mintId = ground.mintId) {
      const id = mintId('key')
      const at = clock.now()
      const minted = mintApiKey(id)
      const kept = { id, name, scopes, secretHash: minted.hash, createdAt: at, expiresAt: expiresAtMs ?? null }
      const row = await db.transact(async (tx) => {
        const key = await store.keys.put(tx, kept)
        await store.audit.append(tx, { at, what: 'key_created', apiKey: id, actor })
        return key
      })
      return { key: viewOf(row), secret: minted.text }
    },
    async list() {
      const rows = await db.once((tx) => store.keys.list(tx))
      return rows.map(viewOf)
    },
    revoke: (id, actor) =>
      db.transact(async (tx) => {
        const at = clock.now()
        if (!(await store.keys.revoke(tx, id, at))) throw new Refusal('KEY_NOT_FOUND')
        await store.audit.append(tx, { at, what: 'key_revoked', apiKey: id, actor })
        afterCommit(tx, () => {
          cached.delete(id)
          wakes.wake(topic, [id])
        })
      }),
    async authenticate(text) {
      const id = parseApiKey(text)
      if (id === null) return null
      const row = await liveRow(id)
      if (row === null) return null
      if (!sameSecret(row.secretHash.toString('hex'), apiKeyHash(text).toString('hex'))) return null
      const now = clock.now()
      if (now - (row.lastUsedAt ?? 0) >= usedEveryMs) used.set(id, now)
      return { kind: 'key', key: id, scopes: row.scopes }
    },
    scopesOf: async (id) => (await liveRow(id))?.scopes ?? [],
    start() {
      const deaf = wakes.hear(topic, (ids) => {
        for (const id of ids) cached.delete(id as KeyId)
      })
      const repeat = repeating(ground, 'API keys used', usedEveryMs, writeUsed)
      stop = async () => {
        deaf()
        await repeat.stop()
        await writeUsed()
      }
    },
    stop: () => stop(),
  }
}
