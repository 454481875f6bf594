import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { Refusal } from '@muster/protocol'
import { problemOf } from './problem.ts'

/** Says no, and closes, where there is a connection but no reply to say it with. */
export function refuseRaw(socket: Duplex, refusal: Refusal): void {
  socket.on('error', () => socket.destroy())
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const problem = problemOf(refusal, `req_${randomUUID()}`)
  const body = JSON.stringify(problem)
  socket.once('finish', () => socket.destroy())
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      'Connection: close',
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(refusal.retryAfterS === undefined ? [] : [`Retry-After: ${Math.ceil(refusal.retryAfterS)}`]),
      `X-Request-Id: ${problem.request_id}`,
      '',
      body,
    ].join('\r\n'),
  )
}

/** What came was no request that could be read. */
export function refuseUnreadable(error: Error, socket: Duplex): void {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ECONNRESET') socket.destroy()
  else refuseRaw(socket, unreadable(code))
}

function unreadable(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Refusal('TOO_LARGE', { detail: 'The headers are larger than they may be.' })
  }
  const late = code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const detail = late ? 'The request did not come in time.' : 'This is not a request that can be read.'
  return new Refusal('INVALID_REQUEST', { detail })
}
