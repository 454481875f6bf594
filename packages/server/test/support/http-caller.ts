export interface HttpAnswer {
  status: number
  /** Of a refusal. */
  code: string | undefined
  // Whatever the call answers; each test reads what it expects.
  body: Record<string, never> & Record<string, unknown>
  headers: Headers
  text: string
}

export interface HttpAsk {
  token?: string
  body?: unknown
  /** A body as it goes over the line, JSON or not. */
  text?: string
  headers?: Record<string, string>
}

/** Calls a running server as anybody on the line can. */
export const httpCaller =
  (url: string) =>
  async (line: string, { token, body, text, headers }: HttpAsk = {}): Promise<HttpAnswer> => {
    const [method = '', path = ''] = line.split(' ')
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: sent,
    })
    const answered = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    const read = isJson && answered !== '' ? JSON.parse(answered) : undefined
    return { status: response.status, code: read?.code, body: read, headers: response.headers, text: answered }
  }

export type HttpCaller = ReturnType<typeof httpCaller>
