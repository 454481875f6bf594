/** Written as a method, so that handlers of the platform's own, narrower events fit too. */
type Handler<Event> = { handle(event: Event): void }['handle'] | null

/** The part of the web's WebSocket that is used here; `ws` has it too. */
export interface SocketLike {
  readyState: number
  send(data: string): void
  close(code?: number, reason?: string): void
  onopen: Handler<object>
  onmessage: Handler<{ data: unknown }>
  onclose: Handler<{ code: number; reason: string }>
  onerror: Handler<object>
}
export type SocketClass = new (url: string) => SocketLike

export interface LineEnd {
  code: number
  reason: string
}

export interface LineOptions {
  url: string
  WebSocket: SocketClass
  onOpen(): void
  onText(text: string): void
}

export interface Line {
  send(text: string): void
  close(): void
  /** From now on the line is asked whether it lives when it is silent for `heartbeatS`, and given up when it stays so. */
  watch(heartbeatS: number): void
  ended: Promise<LineEnd>
}

const openWaitMs = 15_000
/** A line that is silent for so many heartbeats is taken for dead. */
const silentBeatsMax = 2.5
const abnormal = 1006

/** One socket. Browsers show no ping, so whether the other end lives is found out by asking it in frames. */
export function openLine({ url, WebSocket, onOpen, onText }: LineOptions): Line {
  let heardAt = performance.now()
  let watching: ReturnType<typeof setInterval> | undefined
  let end: (how: LineEnd) => void = () => undefined
  const socket = new WebSocket(url)

  const ended = new Promise<LineEnd>((resolve) => {
    end = (how) => {
      clearInterval(watching)
      clearTimeout(impatience)
      socket.onopen = socket.onmessage = socket.onclose = null
      resolve(how)
    }
  })
  /** A dead line never confirms that it closed, so nobody waits for that. */
  const giveUp = (reason: string) => {
    end({ code: abnormal, reason })
    socket.close()
  }
  const impatience = setTimeout(() => giveUp('it took too long to open'), openWaitMs)

  socket.onopen = () => onOpen()
  socket.onmessage = ({ data }) => {
    heardAt = performance.now()
    onText(String(data))
  }
  socket.onerror = () => undefined
  socket.onclose = ({ code, reason }) => end({ code, reason: String(reason) })

  return {
    ended,
    send: (text) => socket.send(text),
    close() {
      end({ code: 1000, reason: '' })
      socket.close(1000)
    },
    watch(heartbeatS) {
      clearTimeout(impatience)
      clearInterval(watching)
      watching = setInterval(() => {
        const silentMs = performance.now() - heardAt
        if (silentMs > heartbeatS * silentBeatsMax * 1_000) giveUp('it fell silent')
        else if (silentMs > heartbeatS * 500) socket.send('{"event":"ping"}')
      }, heartbeatS * 1_000)
    },
  }
}
