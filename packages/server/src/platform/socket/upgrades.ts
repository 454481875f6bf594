import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { Refusal } from '@muster/protocol'
import { refusalOfTwoHosts } from '../http/hosts.ts'
import { refuseRaw } from '../http/raw-problem.ts'

/** A path at which sockets may be opened. */
export interface SocketEndpoint {
  path: string
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** Answers every request to upgrade at this server: by the endpoint at its path, or with a refusal. */
export function takeUpgrades(server: Server, endpoints: readonly SocketEndpoint[]): void {
  const at = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]))
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') return handBack(server, request, socket, head)
    const twoHosts = refusalOfTwoHosts(request)
    if (twoHosts !== null) return refuseRaw(socket, twoHosts)
    const endpoint = at.get(request.url?.split('?', 1)[0] ?? '')
    if (endpoint === undefined) refuseRaw(socket, new Refusal('NOT_FOUND'))
    else endpoint.upgrade(request, socket, head)
  })
}

/**
 * Some clients offer HTTP/2 with every first request (`Upgrade: h2c`, Java's own client does). Whoever listens for
 * upgrades is given those too, though an offer that is not taken up is an ordinary request. It goes back to the HTTP
 * server without the offer.
 */
function handBack(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders, headers } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (/^(upgrade|connection|http2-settings)$/i.test(rawHeaders[at] ?? '')) continue
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  }
  if (/(^|,)\s*close\s*(,|$)/i.test(headers.connection ?? '')) lines.push('Connection: close')
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}
