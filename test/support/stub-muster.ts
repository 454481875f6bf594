import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Heard {
  method: string
  /** Without the query. */
  path: string
  query: URLSearchParams
  authorization: string | undefined
  idempotencyKey: string | undefined
  body: Record<string, unknown> | undefined
}

export interface Reply {
  status?: number
  body?: unknown
  /** Instead of `body`, as it stands. */
  text?: string
  headers?: Record<string, string>
  /** Hangs up instead of answering. */
  hangUp?: boolean
}

export interface StubMuster extends AsyncDisposable {
  url: string
  heard: Heard[]
  /** Resolves when a call for which `isMeant` is true has come, also one that came before. */
  until(isMeant: (heard: Heard) => boolean): Promise<Heard>
}

/** An HTTP server that speaks for Muster: it answers as the test says, and keeps what it was asked. */
export async function stubMuster(
  answer: (heard: Heard, count: number) => Reply | Promise<Reply> = () => ({}),
): Promise<StubMuster> {
  const heard: Heard[] = []
  const waiting = new Set<() => void>()

  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://stub')
    const body = await text(request)
    const call: Heard = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      authorization: request.headers.authorization,
      idempotencyKey: request.headers['idempotency-key']?.toString(),
      body: body === '' ? undefined : JSON.parse(body),
    }
    heard.push(call)
    for (const look of [...waiting]) look()
    const reply = await answer(call, heard.filter(({ path }) => path === call.path).length)
    if (reply.hangUp) {
      request.socket.destroy()
      return
    }
    const said = reply.text ?? (reply.body === undefined ? '{}' : JSON.stringify(reply.body))
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers })
    response.end(reply.status === 204 ? undefined : said)
  }
  const server = createServer((request, response) => {
    take(request, response).catch(() => request.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }

  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    until: (isMeant) =>
      new Promise((resolve) => {
        const look = () => {
          const found = heard.find(isMeant)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export const problem = (status: number, code: string, headers: Record<string, string> = {}): Reply => ({
  status,
  body: { code, detail: `The stub says ${code}.`, request_id: 'req_1' },
  headers,
})
