import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** How a wire treats what goes over it. */
export type Weather =
  | { kind: 'clear' }
  /** Everything comes later. */
  | { kind: 'slow'; delayMs: number }
  /** What is asked gets through, and what is answered is lost: nobody learns whether it took effect. */
  | { kind: 'half_open' }
  /** Nothing gets through, and nothing is closed. */
  | { kind: 'silent' }
  /** Every line is cut, and new ones are refused. */
  | { kind: 'cut' }

/** A wire on loopback, before a process that somebody calls. */
export interface Wire extends AsyncDisposable {
  readonly name: string
  readonly port: number
  /** What was lost in silence stays lost: once it clears up, lines that lost something are cut. */
  set(weather: Weather): void
  /** How often something that was said was lost. */
  losses(): number
}

export async function wireTo(name: string, port: number): Promise<Wire> {
  let weather: Weather = { kind: 'clear' }
  let losses = 0
  const lines = new Set<{ near: Socket; far: Socket; lost: boolean }>()

  const server = createServer({ noDelay: true }, (near) => {
    if (weather.kind === 'cut') {
      near.resetAndDestroy()
      return
    }
    const far = connect({ port, host: '127.0.0.1', noDelay: true })
    const line = { near, far, lost: false }
    lines.add(line)
    const end = () => {
      near.destroy()
      far.destroy()
      lines.delete(line)
    }
    const passes = (from: Socket, to: Socket, isAnswer: boolean) => {
      // What was delayed goes first, also when the weather has cleared up meanwhile.
      const waiting: { act: () => void; dueAt: number }[] = []
      const goOn = () => {
        while (waiting[0] !== undefined && waiting[0].dueAt <= performance.now()) waiting.shift()?.act()
        const next = waiting[0]
        if (next !== undefined) setTimeout(goOn, Math.ceil(next.dueAt - performance.now()))
      }
      const inOrder = (act: () => void) => {
        const dueAt = performance.now() + (weather.kind === 'slow' ? weather.delayMs : 0)
        if (waiting.push({ act, dueAt }) === 1) goOn()
      }
      from.on('data', (data) => {
        if (weather.kind === 'silent' || (weather.kind === 'half_open' && isAnswer)) line.lost = true
        if (line.lost) {
          losses++
          return
        }
        inOrder(() => {
          if (to.write(data)) return
          from.pause()
          to.once('drain', () => from.resume())
        })
      })
      from.on('end', () => inOrder(() => to.end()))
      from.on('error', end).on('close', () => inOrder(end))
    }
    passes(near, far, false)
    passes(far, near, true)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (which: (line: { lost: boolean }) => boolean) => {
    for (const line of [...lines].filter(which)) {
      line.near.resetAndDestroy()
      line.far.destroy()
    }
  }
  return {
    name,
    port: (server.address() as { port: number }).port,
    set(next) {
      weather = next
      if (next.kind === 'cut') cut(() => true)
      if (next.kind === 'clear') cut(({ lost }) => lost)
    },
    losses: () => losses,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      cut(() => true)
      await closed
    },
  }
}
