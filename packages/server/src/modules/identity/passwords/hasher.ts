import { randomBytes } from 'node:crypto'
import { Refusal } from '@muster/protocol'
import { hash, parseOptions, verify } from '@node-rs/argon2'
import type { Metrics } from '../../../platform/metrics.ts'
import type { IdentityOptions } from '../config.ts'
import { passwordBytes } from './policy.ts'

/** Hashes passwords, few at a time: each takes 19 MiB and some ten milliseconds of a core, so a crowd of them would
 *  starve everything else that this process does. Who would wait too long is told to come back. */
export interface Hasher {
  /** Runs `work` when it is its turn; BUSY where too many wait. The other functions are to be called inside. */
  inTurn<T>(work: (hashing: Hashing) => Promise<T>): Promise<T>
}

export interface Hashing {
  hash(password: string): Promise<string>
  /** False after the same time where there is no hash to compare with. */
  matches(passwordHash: string | null, password: string): Promise<boolean>
  /** Whether it was made with other settings than today's. */
  isOutdated(passwordHash: string): boolean
}

type HasherOptions = Pick<IdentityOptions, 'hashesAtOnceMax' | 'hashesWaitingMax' | 'argon2MemoryKiB' | 'argon2Passes'>

/** Argon2id. The package declares its algorithms as a `const enum`, which cannot be imported by name. */
const argon2id = 2

export function createHasher({ metrics }: { metrics: Metrics }, options: HasherOptions): Hasher {
  const settings = {
    algorithm: argon2id,
    memoryCost: options.argon2MemoryKiB,
    timeCost: options.argon2Passes,
    parallelism: 1,
  }
  const waiting: (() => void)[] = []
  let running = 0
  let nobodys: Promise<string> | null = null

  const gauge = metrics.gauge('identity_hashes_waiting', 'Passwords waiting to be hashed')
  const refused = metrics.counter('identity_hashes_refused_total', 'Passwords not hashed because too many waited')

  const hashing: Hashing = {
    hash: (password) => hash(passwordBytes(password), settings),
    async matches(passwordHash, password) {
      nobodys ??= hash(randomBytes(32), settings)
      const matched = await verify(passwordHash ?? (await nobodys), passwordBytes(password))
      return matched && passwordHash !== null
    },
    isOutdated(passwordHash) {
      const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(passwordHash)
      return (
        algorithm !== settings.algorithm ||
        memoryCost !== settings.memoryCost ||
        timeCost !== settings.timeCost ||
        parallelism !== settings.parallelism
      )
    },
  }

  /** A place that becomes free goes straight to who waits longest, so nobody slips in between. */
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
    gauge.set(waiting.length)
  }

  const enter = (): Promise<void> | void => {
    if (running < options.hashesAtOnceMax) {
      running++
      return
    }
    if (waiting.length >= options.hashesWaitingMax) {
      refused.inc()
      throw new Refusal('BUSY', { retryAfterS: 2 })
    }
    return new Promise((resolve) => gauge.set(waiting.push(resolve)))
  }

  return {
    async inTurn(work) {
      await enter()
      try {
        return await work(hashing)
      } finally {
        leave()
      }
    },
  }
}
