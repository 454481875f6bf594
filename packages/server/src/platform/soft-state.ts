/** What may be forgotten: limits, hints, short caches. It may vanish at any instant and no law breaks. Two
 *  implementations, in this process and in Redis, are held to one suite. Every key ends by itself. */
export interface SoftState extends AsyncDisposable {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
  /** False if the key is there already. */
  setNew(key: string, value: string, ttlMs: number): Promise<boolean>
  remove(key: string): Promise<void>
  /** Adds and tells the sum. The key ends `ttlMs` after its first adding. */
  add(key: string, amount: number, ttlMs: number): Promise<number>
  /** A hint to every node, this one included. It may be lost, doubled or late. */
  publish(channel: string, message: string): Promise<void>
  /** Hears what is published from now on. */
  subscribe(channel: string, listener: (message: string) => void): Promise<() => void>
  /** Throws if the store does not answer. */
  check(): Promise<void>
}
