/** Lets only so many do something at once; the others wait for their turn, in order. */
export interface Turns {
  take<T>(run: () => Promise<T>): Promise<T>
}

export function createTurns(atOnceMax: number): Turns {
  const waiting: (() => void)[] = []
  let running = 0

  return {
    async take(run) {
      if (running >= atOnceMax) await new Promise<void>((resolve) => waiting.push(resolve))
      else running++
      try {
        return await run()
      } finally {
        const next = waiting.shift()
        if (next === undefined) running--
        else next()
      }
    },
  }
}
