import { deadlock } from './errors.ts'

export type LockMode = 'update' | 'share'

/** Who holds locks and waits for them: a transaction. */
export interface Owner {
  readonly id: number
  /** Where it waits right now. */
  waiting: { lock: Lock; mode: LockMode } | null
}

interface Waiter {
  owner: Owner
  mode: LockMode
  grant(): void
  refuse(error: Error): void
}

interface Lock {
  readonly name: string
  holders: Map<Owner, LockMode>
  queue: Waiter[]
}

const agree = (one: LockMode, other: LockMode) => one === 'share' && other === 'share'

/**
 * Locks on rows by name, as PostgreSQL has them: held until the transaction ends, waited for in the order of asking, with
 * a deadlock told to whoever closes the circle. Who wants to share what is being shared goes past those who wait to have
 * it alone.
 */
export class Locks<Holder extends Owner = Owner> {
  readonly #locks = new Map<string, Lock>()
  readonly #held = new Map<Owner, Set<string>>()
  #waiting = 0

  /** How many wait right now. */
  get waiting(): number {
    return this.#waiting
  }

  /** How many are held. */
  get held(): number {
    return this.#locks.size
  }

  holds(owner: Holder, name: string, mode: LockMode = 'update'): boolean {
    const held = this.#locks.get(name)?.holders.get(owner)
    return held === 'update' || (held !== undefined && mode === 'share')
  }

  /** Who has it alone. */
  soleHolder(name: string): Holder | null {
    for (const [holder, mode] of this.#locks.get(name)?.holders ?? []) if (mode === 'update') return holder as Holder
    return null
  }

  /** Free for this owner, without waiting. */
  isFree(owner: Holder, name: string, mode: LockMode): boolean {
    const lock = this.#locks.get(name)
    return lock === undefined || isGrantable(lock, owner, mode)
  }

  /** Null where it was granted at once. */
  take(owner: Holder, name: string, mode: LockMode): Promise<void> | null {
    let lock = this.#locks.get(name)
    if (lock === undefined) {
      lock = { name, holders: new Map(), queue: [] }
      this.#locks.set(name, lock)
    } else {
      if (this.holds(owner, name, mode)) return null
      if (!isGrantable(lock, owner, mode)) return this.#wait(lock, owner, mode)
    }
    this.#give(lock, owner, mode)
    return null
  }

  /** Gives up waiting, for whatever reason. */
  giveUp(owner: Holder, error: Error): void {
    if (owner.waiting === null) return
    const { lock } = owner.waiting
    const at = lock.queue.findIndex((one) => one.owner === owner)
    const [waiter] = lock.queue.splice(at, 1)
    waiter?.refuse(error)
    this.#serve(lock)
  }

  release(owner: Holder, name: string): void {
    this.#held.get(owner)?.delete(name)
    this.#letGo(owner, name)
  }

  releaseAll(owner: Holder): void {
    const names = this.#held.get(owner)
    this.#held.delete(owner)
    if (names !== undefined) for (const name of names) this.#letGo(owner, name)
  }

  #letGo(owner: Owner, name: string): void {
    const lock = this.#locks.get(name)
    if (lock?.holders.delete(owner) === true) this.#serve(lock)
  }

  #give(lock: Lock, owner: Owner, mode: LockMode): void {
    lock.holders.set(owner, mode)
    const held = this.#held.get(owner)
    if (held === undefined) this.#held.set(owner, new Set([lock.name]))
    else held.add(lock.name)
  }

  #wait(lock: Lock, owner: Owner, mode: LockMode): Promise<void> {
    this.#waiting++
    const over = () => {
      this.#waiting--
      owner.waiting = null
    }
    return new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        ...{ owner, mode },
        grant: () => {
          over()
          this.#give(lock, owner, mode)
          resolve()
        },
        refuse: (error) => {
          over()
          reject(error)
        },
      }
      owner.waiting = { lock, mode }
      // Who holds it for sharing and now wants it alone goes first, or nobody would ever get it.
      if (lock.holders.has(owner)) lock.queue.unshift(waiter)
      else lock.queue.push(waiter)
      if (closesCircle(owner)) {
        lock.queue.splice(lock.queue.indexOf(waiter), 1)
        waiter.refuse(deadlock())
        this.#serve(lock)
      }
    })
  }

  #serve(lock: Lock): void {
    for (let first = lock.queue[0]; first !== undefined; first = lock.queue[0]) {
      if (!isGrantable(lock, first.owner, first.mode)) return
      lock.queue.shift()
      first.grant()
    }
    if (lock.holders.size === 0) this.#locks.delete(lock.name)
  }
}

/** What others hold does not stand against it. */
function isGrantable(lock: Lock, owner: Owner, mode: LockMode): boolean {
  for (const [holder, held] of lock.holders) if (holder !== owner && !agree(held, mode)) return false
  return true
}

function closesCircle(start: Owner): boolean {
  const seen = new Set<Owner>()
  const reaches = (owner: Owner): boolean => {
    if (owner.waiting === null) return false
    for (const blocker of blockersOf(owner, owner.waiting.lock, owner.waiting.mode)) {
      if (blocker === start) return true
      if (seen.has(blocker)) continue
      seen.add(blocker)
      if (reaches(blocker)) return true
    }
    return false
  }
  return reaches(start)
}

function* blockersOf(owner: Owner, lock: Lock, mode: LockMode): Iterable<Owner> {
  for (const [holder, held] of lock.holders) if (holder !== owner && !agree(held, mode)) yield holder
  for (const waiter of lock.queue) {
    if (waiter.owner === owner) return
    if (!agree(waiter.mode, mode)) yield waiter.owner
  }
}
