import { deadlock } from './errors.ts'

export type LockMode = 'update' | 'share'

/** Who holds locks and waits for them: a transaction. */
export interface Owner {
  readonly id: number
  /** Where it waits right now. */
  waiting: { lock: Lock; mode: LockMode } | null
  readonly held: Set<Lock>
}

interface Waiter {
  owner: Owner
  mode: LockMode
  grant(): void
  refuse(error: Error): void
}

interface Lock {
  readonly name: string
  /** Mostly one. */
  holders: { owner: Owner; mode: LockMode }[]
  queue: Waiter[]
}

const holdingOf = (lock: Lock, owner: Owner) => lock.holders.find((one) => one.owner === owner)

const agree = (one: LockMode, other: LockMode) => one === 'share' && other === 'share'

/**
 * Locks on rows by name, as PostgreSQL has them: held until the transaction ends, waited for in the order of asking, with
 * a deadlock told to whoever closes the circle. Who wants to share what is being shared goes past those who wait to have
 * it alone.
 */
export class Locks<Holder extends Owner = Owner> {
  readonly #locks = new Map<string, Lock>()
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
    const lock = this.#locks.get(name)
    return lock !== undefined && hasIt(lock, owner, mode)
  }

  /** Who has it alone. */
  soleHolder(name: string): Holder | null {
    const first = this.#locks.get(name)?.holders[0]
    return first?.mode === 'update' ? (first.owner as Holder) : null
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
      lock = { name, holders: [], queue: [] }
      this.#locks.set(name, lock)
    } else {
      if (hasIt(lock, owner, mode)) return null
      if (!isGrantable(lock, owner, mode)) return this.#wait(lock, owner, mode)
    }
    give(lock, owner, mode)
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
    const lock = this.#locks.get(name)
    if (lock !== undefined && owner.held.delete(lock)) this.#letGo(owner, lock)
  }

  releaseAll(owner: Holder): void {
    for (const lock of owner.held) this.#letGo(owner, lock)
    owner.held.clear()
  }

  #letGo(owner: Owner, lock: Lock): void {
    const at = lock.holders.findIndex((one) => one.owner === owner)
    if (at >= 0) lock.holders.splice(at, 1)
    this.#serve(lock)
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
          give(lock, owner, mode)
          resolve()
        },
        refuse: (error) => {
          over()
          reject(error)
        },
      }
      owner.waiting = { lock, mode }
      // Who holds it for sharing and now wants it alone goes first, or nobody would ever get it.
      if (holdingOf(lock, owner) !== undefined) lock.queue.unshift(waiter)
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
    if (lock.holders.length === 0) this.#locks.delete(lock.name)
  }
}

function give(lock: Lock, owner: Owner, mode: LockMode): void {
  const holding = holdingOf(lock, owner)
  if (holding === undefined) lock.holders.push({ owner, mode })
  else holding.mode = mode
  owner.held.add(lock)
}

function hasIt(lock: Lock, owner: Owner, mode: LockMode): boolean {
  const held = holdingOf(lock, owner)?.mode
  return held === 'update' || (held !== undefined && mode === 'share')
}

/** What others hold does not stand against it. */
function isGrantable(lock: Lock, owner: Owner, mode: LockMode): boolean {
  for (const held of lock.holders) if (held.owner !== owner && !agree(held.mode, mode)) return false
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
  for (const held of lock.holders) if (held.owner !== owner && !agree(held.mode, mode)) yield held.owner
  for (const waiter of lock.queue) {
    if (waiter.owner === owner) return
    if (!agree(waiter.mode, mode)) yield waiter.owner
  }
}
