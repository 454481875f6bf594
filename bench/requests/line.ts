import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Answer {
  status: number
  body: string
}

const headEnd = Buffer.from('\r\n\r\n')
const answerWithinMs = 30_000

/**
 * One connection that is kept, with one request at a time on it. Node's own client takes more of the machine than what
 * it is to measure; this one reads just what both sides answer with: a status, a length and a body.
 */
export interface Line {
  ask(request: Buffer): Promise<Answer>
  close(): void
}

export async function openLine(port: number): Promise<Line> {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null
  let held: Buffer = Buffer.alloc(0)

  const fail = (why: string) => waiting?.reject(new Error(why))
  socket.setTimeout(answerWithinMs, () => fail('No answer came in time.'))
  socket.on('error', ({ message }) => fail(message))
  socket.on('close', () => fail('The connection was closed.'))
  socket.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const at = held.indexOf(headEnd)
    if (at < 0) return
    const head = held.toString('latin1', 0, at)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    const status = Number(head.slice(9, 12))
    if (length === undefined) return fail(`An answer of unknown length: ${held.toString()}`)
    const from = at + headEnd.length
    if (held.length < from + Number(length)) return
    const body = held.toString('utf8', from, from + Number(length))
    held = Buffer.alloc(0)
    const { resolve } = waiting ?? {}
    waiting = null
    resolve?.({ status, body })
  })
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}
