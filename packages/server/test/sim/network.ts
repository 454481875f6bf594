import { type Contract, Refusal } from '@muster/protocol'
import type { Call, Caller } from '../../src/platform/http/route.ts'
import { idMint, repeatableMint } from '../../src/platform/ids.ts'
import type { Random } from '../../src/platform/random.ts'
import type { SimNode } from './node.ts'
import type { SimTime } from './time.ts'
import type { Weather } from './weather.ts'

/** What a caller learns: an answer, or nothing. */
export type Answer =
  | { known: true; status: number; code: string | null; body: Record<string, unknown>; date: string }
  /** It may have taken effect. */
  | { known: false; reached: boolean }

export interface Ask {
  caller: Caller
  params?: object
  query?: object
  body?: unknown
  /** The same for each repetition of one request. */
  key?: string
  timeoutMs?: number
}

/** Somebody on the network: calls of theirs may be cut off together. */
export interface Place {
  readonly name: string
}

export interface NetworkNeeds {
  time: SimTime
  random: Random
  weather(): Weather
  nodes: readonly SimNode[]
  /** Something answered what it must never answer. */
  broken(what: string): void
}

const usualTimeoutMs = 10_000

/** What lies between those who call and the nodes: delay, loss, repetition, and partitions. */
export class Network {
  readonly #needs: NetworkNeeds
  readonly #cut = new Set<string>()
  calls = 0

  constructor(needs: NetworkNeeds) {
    this.#needs = needs
  }

  /** From now on nothing passes between them. */
  cut(place: string, node: string): void {
    this.#cut.add(`${place} ${node}`)
  }

  heal(): void {
    this.#cut.clear()
  }

  /** Calls whichever node a balancer would choose. */
  ask(from: Place, contract: Contract, ask: Ask): Promise<Answer> {
    const { time, random, nodes } = this.#needs
    this.calls++
    return new Promise((resolve) => {
      const timeoutMs = ask.timeoutMs ?? usualTimeoutMs
      const gone = new AbortController()
      let open = true
      const answer = (what: Answer) => {
        if (!open) return
        open = false
        cancel()
        resolve(what)
      }
      const cancel = time.after(timeoutMs, () => {
        answer({ known: false, reached: true })
        gone.abort()
      })
      const up = nodes.filter(
        (node) => node.routeOf(contract) !== undefined && !this.#cut.has(`${from.name} ${node.name}`),
      )
      const node = up[Math.floor(random.fraction() * up.length)]
      if (node === undefined) {
        time.after(5, () => answer({ known: false, reached: false }))
        return
      }
      const times = random.fraction() < this.#needs.weather().double ? 2 : 1
      for (let count = 0; count < times; count++) this.#deliver(from, node, contract, ask, gone.signal, answer)
    })
  }

  #travelMs(): number {
    const { random, weather } = this.#needs
    const { late, lateMsMax } = weather()
    return random.fraction() < late ? random.fraction() * lateMsMax : 1 + random.fraction() * 20
  }

  #isLost(from: Place, node: SimNode): boolean {
    const { random, weather } = this.#needs
    return random.fraction() < weather().loss || this.#cut.has(`${from.name} ${node.name}`)
  }

  #deliver(
    from: Place,
    node: SimNode,
    contract: Contract,
    ask: Ask,
    signal: AbortSignal,
    answer: (what: Answer) => void,
  ): void {
    const { time } = this.#needs
    if (this.#isLost(from, node)) return
    time.after(this.#travelMs(), () => {
      const { life } = node
      const route = node.routeOf(contract)
      if (life === null || route === undefined) return answer({ known: false, reached: false })
      const died = () => void time.after(this.#travelMs(), () => answer({ known: false, reached: true }))
      node.callers.add(died)
      void life
        .step(0)
        .then(() => route.handle(this.#callOf(ask, signal) as never))
        .then(
          (good) => ({ status: good.status as number, code: null, body: (good.body ?? {}) as Record<string, unknown> }),
          (error: unknown) => (life.alive ? this.#refused(error, contract) : null),
        )
        .then((said) => {
          if (said === null) return
          const what: Answer = { known: true, ...said, date: new Date(time.now).toUTCString() }
          node.callers.delete(died)
          if (!life.alive || this.#isLost(from, node)) return
          time.after(this.#travelMs(), () => answer(what))
        })
    })
  }

  #callOf(ask: Ask, signal: AbortSignal): Call<Contract> {
    const { time, random } = this.#needs
    const clock = { now: () => time.now, after: () => () => undefined }
    const drawn = (count: number) => Uint8Array.from({ length: count }, () => Math.floor(random.fraction() * 256))
    return {
      params: (ask.params ?? {}) as never,
      query: (ask.query ?? {}) as never,
      headers: {} as never,
      body: ask.body as never,
      caller: ask.caller,
      requestId: 'request',
      address: '127.0.0.1',
      encrypted: false,
      mintId: ask.key === undefined ? idMint(clock, drawn) : repeatableMint(ask.key, 0),
      signal,
    }
  }

  #refused(error: unknown, contract: Contract): { status: number; code: string; body: Record<string, unknown> } {
    if (error instanceof Refusal) {
      return { status: error.status, code: error.code, body: {} }
    }
    const { code, message, stack } = error as Error & { code?: string }
    // Deadlocks beyond every patience, and waits beyond the limit, are the database's to say.
    if (code !== '57014' && code !== '40P01') {
      this.#needs.broken(`${contract.method} ${contract.path} failed: ${message}\n${stack}`)
    }
    return { status: 500, code: 'INTERNAL', body: {} }
  }
}
