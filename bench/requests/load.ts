import { type Line, openLine } from './line.ts'

/** What one connection asks for, over and over. */
export interface Wanted {
  method: 'GET' | 'POST'
  path: string
  token?: string
  body?: object
  /** The last answer's refresh token goes into the next request. */
  follows?: boolean
}

export interface Drive {
  port: number
  forMs: number
  expect: number
  /** One connection for each. */
  wanted: Wanted[]
}

export interface Driven {
  count: number
  tookMs: number
  p50Ms: number
  p99Ms: number
  /** What each connection would ask next. */
  wanted: Wanted[]
}

function textOf({ method, path, token, body }: Wanted): Buffer {
  const content = body === undefined ? '' : JSON.stringify(body)
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...(body === undefined ? [] : ['content-type: application/json']),
    ...(method === 'GET' ? [] : [`content-length: ${Buffer.byteLength(content)}`]),
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${content}`)
}

/** Asks on all connections at once until the time is up; every answer must be the one that was expected. */
async function drive({ port, forMs, expect, wanted }: Drive): Promise<Driven> {
  const lines = await Promise.all(wanted.map(() => openLine(port)))
  const tookMs: number[] = []
  const began = performance.now()
  const endsAt = began + forMs
  const ask = async (line: Line, first: Wanted): Promise<Wanted> => {
    let next = first
    let text = textOf(next)
    for (let at = performance.now(); at < endsAt; ) {
      const { status, body } = await line.ask(text)
      const now = performance.now()
      tookMs.push(now - at)
      at = now
      if (status !== expect) throw new Error(`${next.method} ${next.path} was answered ${status}: ${body}`)
      if (next.follows === true) {
        next = { ...next, body: { refresh_token: (JSON.parse(body) as { refresh_token: string }).refresh_token } }
        text = textOf(next)
      }
    }
    return next
  }
  try {
    const after = await Promise.all(lines.map((line, at) => ask(line, wanted[at]!)))
    const spent = performance.now() - began
    tookMs.sort((a, b) => a - b)
    const share = (part: number) => tookMs[Math.floor(tookMs.length * part)]!
    return { count: tookMs.length, tookMs: spent, p50Ms: share(0.5), p99Ms: share(0.99), wanted: after }
  } finally {
    for (const line of lines) line.close()
  }
}

process.on('message', (asked: Drive) => {
  drive(asked).then(
    (driven) => process.send?.({ driven }),
    (error: Error) => process.send?.({ failed: error.message }),
  )
})
process.send?.('here')
