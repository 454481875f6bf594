import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const webApiKey = '0123456789ABCDEF0123456789ABCDEF'
export const appId = 480

export interface Ticket {
  steamId: string
  ownerSteamId?: string
  vacBanned?: boolean
  publisherBanned?: boolean
  /** Whom it was made for. */
  identity?: string
}

export interface Answered {
  status?: number
  headers?: Record<string, string>
  body?: string
}

/** Stands in for Steam's Web API: answers AuthenticateUserTicket as its documentation has it. */
export async function steamWebApi() {
  const tickets = new Map<string, Ticket>()
  const heard: { url: URL; headers: IncomingMessage['headers'] }[] = []
  let count = 0
  let instead: ((response: ServerResponse) => void) | null = null

  function authenticate(url: URL, key: unknown): Answered {
    if (url.pathname !== '/ISteamUserAuth/AuthenticateUserTicket/v1/') return { status: 404, body: 'Not Found' }
    if (key !== webApiKey) return { status: 403, body: '<html><title>Forbidden</title></html>' }
    const asked = (name: string) => url.searchParams.get(name) ?? undefined
    const failed = (errorcode: number, errordesc: string) =>
      ({ body: JSON.stringify({ response: { error: { errorcode, errordesc } } }) }) as const
    if (asked('ticket') === undefined) return failed(3, 'Invalid parameter')
    const ticket = tickets.get(asked('ticket') ?? '')
    if (ticket === undefined) return failed(101, 'Invalid ticket')
    if (asked('appid') !== String(appId)) return failed(102, 'Ticket for other app')
    if (asked('identity') !== undefined && asked('identity') !== ticket.identity) return failed(101, 'Invalid ticket')
    const params = {
      ...{ result: 'OK', steamid: ticket.steamId, ownersteamid: ticket.ownerSteamId ?? ticket.steamId },
      ...{ vacbanned: ticket.vacBanned ?? false, publisherbanned: ticket.publisherBanned ?? false },
    }
    return { body: JSON.stringify({ response: { params } }) }
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://steam')
    heard.push({ url, headers: request.headers })
    if (instead !== null) return instead(response)
    const { status = 200, body } = authenticate(url, request.headers['x-webapi-key'])
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const url = `http://127.0.0.1:${port}`
  const folder = await mkdtemp(join(tmpdir(), 'muster-steam-'))
  const keyFile = join(folder, 'key')
  await writeFile(keyFile, `${webApiKey}\n`)

  return {
    url,
    /** As a configuration names it. */
    options: { kind: 'steam', appId, keyFile, apiUrl: url } as const,
    heard,
    /** A fresh ticket, as Steam's client would hand it out. */
    ticket(of: Ticket | string): string {
      const ticket = (++count).toString(16).padStart(64, '0')
      tickets.set(ticket, typeof of === 'string' ? { steamId: of } : of)
      return ticket
    },
    /** From now on whoever asks is answered so, whatever they ask; null for as before. */
    answer(next: Answered | ((response: ServerResponse) => void) | null) {
      instead =
        next === null || typeof next === 'function'
          ? next
          : (response) => {
              response.writeHead(next.status ?? 200, next.headers).end(next.body)
            }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type SteamWebApi = Awaited<ReturnType<typeof steamWebApi>>
