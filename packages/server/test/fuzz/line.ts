import { Agent, request } from 'node:http'

export interface Sent {
  method: string
  path: string
  headers: Record<string, string>
  body: string | undefined
}

export interface Heard {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** No answer: the line was closed before one, the request could not even be written, or we hung up. */
export type Answer = Heard | 'closed' | 'unsendable' | 'hung up'

/** Long enough for anything but a call that waits by design, which is hung up on. */
const patienceMs = 45_000

/** Sends what no client of ours would. Lines are kept and shared, as a proxy does. */
export function lineTo(url: string, linesMax: number) {
  const { hostname, port } = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: linesMax })
  return {
    send: ({ method, path, headers, body }: Sent, hangUpMs = patienceMs): Promise<Answer> =>
      new Promise((resolve) => {
        try {
          const asked = request({ agent, hostname, port, method, path, headers }, (response) => {
            const parts: Buffer[] = []
            response.on('data', (part: Buffer) => parts.push(part))
            response.on('error', () => resolve('closed'))
            response.on('end', () => {
              const text = Buffer.concat(parts).toString()
              resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
            })
          })
          asked.setTimeout(hangUpMs, () => {
            resolve('hung up')
            asked.destroy()
          })
          asked.on('error', () => resolve('closed'))
          asked.end(body)
        } catch {
          resolve('unsendable')
        }
      }),
    close: () => agent.destroy(),
  }
}
