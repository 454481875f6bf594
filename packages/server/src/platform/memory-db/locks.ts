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

/** As PostgreSQL says it: a deadlock, which whoever began anew would get past. */
export const deadlock = (): Error => Object.assign(new Error('deadlock detected'), { code: '40P01' })

const agree = (one: LockMode, other: LockMode) => one === 'share' && other === 'share'

/** Locks on rows by name, as PostgreSQL has them: held until the transaction ends, waited for in the order of asking,
 *  with a deadlock told to whoever closes the circle. */
export class Locks {
  readonly #locks = new Map<string, Lock>()
  readonly #held = new Map<Owner, Set<string>>()

  holds(owner: Owner, name: string, mode: LockMode = 'update'): boolean {
    const held = this.#locks.get(name)?.holders.get(owner)
    return held === 'update' || (held !== undefined && mode === 'share')
  }

  /** Free for this owner, without waiting. */
  isFree(owner: Owner, name: string, mode: LockMode): boolean {
    const lock = this.#locks.get(name)
    return lock === undefined || this.#grantable(lock, owner, mode, lock.queue.length)
  }

  /** Null where it was granted at once. */
  take(owner: Owner, name: string, mode: LockMode): Promise<void> | null {
    if (this.holds(owner, name, mode)) return null
    const lock: Lock = this.#locks.get(name) ?? { name, holders: new Map(), queue: [] }
    this.#locks.set(name, lock)
    if (this.#grantable(lock, owner, mode, lock.queue.length)) {
      this.#give(lock, owner, mode)
      return null
    }
    return new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        ...{ owner, mode },
        grant: () => {
          owner.waiting = null
          this.#give(lock, owner, mode)
          resolve()
        },
        refuse: (error) => {
          owner.waiting = null
          reject(error)
        },
      }
      owner.waiting = { lock, mode }
      // Who holds it for sharing and now wants it alone goes first, or nobody would ever get it.
      if (lock.holders.has(owner)) lock.queue.unshift(waiter)
      else lock.queue.push(waiter)
      if (this.#closesCircle(owner)) {
        lock.queue.splice(lock.queue.indexOf(waiter), 1)
        waiter.refuse(deadlock())
        this.#serve(lock)
      }
    })
  }

  /** Gives up waiting, for whatever reason. */
  giveUp(owner: Owner, error: Error): void {
    if (owner.waiting === null) return
    const { lock } = owner.waiting
    const at = lock.queue.findIndex((one) => one.owner === owner)
    const [waiter] = lock.queue.splice(at, 1)
    waiter?.refuse(error)
    this.#serve(lock)
  }

  release(owner: Owner, name: string): void {
    const lock = this.#locks.get(name)
    this.#held.get(owner)?.delete(name)
    if (lock?.holders.delete(owner) === true) this.#serve(lock)
  }

  releaseAll(owner: Owner): void {
    for (const name of this.#held.get(owner) ?? []) {
      const lock = this.#locks.get(name)
      if (lock?.holders.delete(owner) === true) this.#serve(lock)
    }
    this.#held.delete(owner)
  }

  #give(lock: Lock, owner: Owner, mode: LockMode): void {
    lock.holders.set(owner, mode)
    const held = this.#held.get(owner) ?? new Set()
    this.#held.set(owner, held.add(lock.name))
  }

  /** Before so many who wait as well. */
  #grantable(lock: Lock, owner: Owner, mode: LockMode, ahead: number): boolean {
    for (const [holder, held] of lock.holders) if (holder !== owner && !agree(held, mode)) return false
    return lock.holders.has(owner) || lock.queue.slice(0, ahead).every((waiter) => agree(waiter.mode, mode))
  }

  #serve(lock: Lock): void {
    for (let first = lock.queue[0]; first !== undefined; first = lock.queue[0]) {
      if (!this.#grantable(lock, first.owner, first.mode, 0)) return
      lock.queue.shift()
      first.grant()
    }
    if (lock.holders.size === 0) this.#locks.delete(lock.name)
  }

  #closesCircle(start: Owner): boolean {
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
}

function* blockersOf(owner: Owner, lock: Lock, mode: LockMode): Iterable<Owner> {
  for (const [holder, held] of lock.holders) if (holder !== owner && !agree(held, mode)) yield holder
  for (const waiter of lock.queue) {
    if (waiter.owner === owner) return
    if (!agree(waiter.mode, mode)) yield waiter.owner
  }
}
