import { Refusal } from '@muster/protocol'
import type { Cancel, Clock } from '../../src/platform/clock.ts'
import type { MemoryTx } from '../../src/platform/memory-db/index.ts'
import type { Random } from '../../src/platform/random.ts'
import type { SimTime } from './time.ts'
import type { Weather } from './weather.ts'

/** One each: a promise keeps whoever waits for it, and a run is to leave nothing behind. */
const never = () => new Promise<never>(() => undefined)
/** As the server's own connections have it: who holds a transaction open and says nothing for so long is cut off. */
const idleInTransactionMs = 30_000

/**
 * One life of a process: everything between it and the world passes through here, so it can be paused anywhere, and once
 * it is dead nothing that it still does has an effect.
 */
export class Life {
  readonly #time: SimTime
  readonly #random: Random
  readonly #weather: () => Weather
  readonly #open = new Set<MemoryTx>()
  readonly #died: () => void
  #alive = true
  #pausedUntil = 0
  #resuming: Promise<void> = Promise.resolve()

  constructor(time: SimTime, random: Random, weather: () => Weather, died: () => void) {
    this.#time = time
    this.#random = random
    this.#weather = weather
    this.#died = died
  }

  get alive(): boolean {
    return this.#alive
  }

  get paused(): boolean {
    return this.#time.now < this.#pausedUntil
  }

  /** From here on nothing of it has any effect. What it had not committed is undone. */
  end(): void {
    if (!this.#alive) return
    this.#alive = false
    for (const tx of this.#open) tx.rollback()
    this.#open.clear()
    this.#died()
  }

  pause(spanMs: number): void {
    if (!this.#alive || this.paused) return
    this.#pausedUntil = this.#time.now + spanMs
    this.#resuming = this.#time.sleep(spanMs)
    this.#time.after(idleInTransactionMs, () => {
      if (!this.paused) return
      for (const tx of this.#open) tx.rollback(new Refusal('UNAVAILABLE', { retryAfterS: 1 }))
    })
  }

  /** The time of a timer is the world's; it fires late in a process that is paused, and never in a dead one. */
  readonly after: Clock['after'] = (delayMs, run): Cancel =>
    this.#time.after(delayMs, () => {
      if (!this.#alive) return
      if (!this.paused) run()
      else void this.#resuming.then(() => this.#alive && run())
    })

  /** A step that takes `ms`, or however long the process is paused. Never ends in a process that dies. */
  async step(ms: number): Promise<void> {
    if (!this.#alive) return never()
    if (this.#random.fraction() < this.#weather().crash) {
      this.end()
      return never()
    }
    if (ms > 0) await this.#time.sleep(ms)
    while (this.#alive && this.paused) await this.#resuming
    if (!this.#alive) return never()
  }

  /** Before or after a statement. Answers without waiting where nothing happens. */
  statement(tx: MemoryTx): Promise<void> | undefined {
    const weather = this.#weather()
    if (this.#chance(weather.cut)) {
      tx.rollback(new Refusal('UNAVAILABLE', { retryAfterS: 1 }))
      return undefined
    }
    const slow = this.#chance(weather.slow)
    if (this.#alive && !this.paused && !slow && weather.crash === 0) return undefined
    return this.step(slow ? this.#random.fraction() * weather.slowMsMax : 0)
  }

  /** At each point of a transaction. Answers without waiting where nothing happens. */
  transaction(point: 'begin' | 'commit' | 'committed', tx: MemoryTx): Promise<void> | undefined {
    const weather = this.#weather()
    if (point === 'begin') {
      if (this.#alive) this.#open.add(tx)
      else tx.rollback()
      const ms = this.#chance(weather.slow) ? this.#random.fraction() * weather.slowMsMax : 0
      return this.#pass(ms, weather.crash, weather.unavailable, 'UNAVAILABLE')
    }
    if (point === 'commit') {
      // To write takes as long as a disk does.
      const ms = tx.onlyReads ? 0 : this.#random.fraction() * 2
      return this.#pass(ms, weather.crash, weather.lostCommit, 'OUTCOME_UNKNOWN')
    }
    this.#open.delete(tx)
    return this.#pass(0, weather.crash, weather.lostAnswer, 'OUTCOME_UNKNOWN')
  }

  #pass(
    ms: number,
    crash: number,
    failure: number,
    code: 'UNAVAILABLE' | 'OUTCOME_UNKNOWN',
  ): Promise<void> | undefined {
    const fails = this.#chance(failure)
    if (this.#alive && !this.paused && ms === 0 && crash === 0 && !fails) return undefined
    return this.step(ms).then(() => {
      if (fails) throw new Refusal(code, { retryAfterS: 1 })
    })
  }

  #chance(of: number): boolean {
    return of > 0 && this.#random.fraction() < of
  }
}
