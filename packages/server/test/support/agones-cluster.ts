import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import Value from 'typebox/value'
import { gameServerAllocation } from './kubernetes-allocation.ts'
import { protoJson } from './proto-json.ts'

const folder = fileURLToPath(new URL('../agones/', import.meta.url))
export const tlsFile = (name: string) => `${folder}tls/${name}`
export const clusterToken = 'a-service-accounts-token'

export interface StandInServer {
  name: string
  state: string
  host: string
  port: number
  labels: Record<string, string>
  annotations: Record<string, string>
  deleting: boolean
}

interface Wanted {
  selectors: { matchLabels?: Record<string, string>; gameServerState?: string }[]
  metadata: { labels: Record<string, string>; annotations: Record<string, string> }
}

/** How it answers the next calls, besides rightly. */
export type Mood =
  | 'well'
  /** Others were quicker. */
  | 'contended'
  /** It allocates, and the answer is lost. */
  | 'loses answers'
  /** It fails. */
  | 'down'

const allocationMessage = protoJson('allocation.proto', folder)

/**
 * A cluster of Agones as it shows itself over HTTPS: the allocator service, which asks for a client certificate, and the
 * Kubernetes API, which asks for a token. Every request is checked against Agones's own description of it.
 */
export async function agonesCluster() {
  const servers = new Map<string, StandInServer>()
  /** What was wrong with requests. */
  const complaints: string[] = []
  const requests: unknown[] = []
  let mood: Mood = 'well'
  const pageSize = 2
  let count = 0

  const answer = (response: ServerResponse, status: number, body: object): ServerResponse =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

  function allocate({ selectors, metadata }: Wanted): StandInServer | null {
    for (const { matchLabels = {}, gameServerState = 'Ready' } of selectors) {
      const state = gameServerState.charAt(0).toUpperCase() + gameServerState.slice(1).toLowerCase()
      const found = [...servers.values()].find(
        (one) =>
          one.state === state &&
          !one.deleting &&
          Object.entries(matchLabels).every(([name, value]) => one.labels[name] === value),
      )
      if (found === undefined) continue
      found.state = 'Allocated'
      Object.assign(found.labels, metadata.labels)
      Object.assign(found.annotations, metadata.annotations)
      return found
    }
    return null
  }

  const statusOf = (one: StandInServer) => ({
    ...{ gameServerName: one.name, address: one.host, nodeName: 'node-1', source: 'local' },
    ports: [
      { name: 'debug', port: 1 },
      { name: 'game', port: one.port },
    ],
  })

  function service(body: unknown, response: ServerResponse): ServerResponse {
    complaints.push(...allocationMessage('AllocationRequest', body))
    const { gameServerSelectors, metadata } = body as { gameServerSelectors: Wanted['selectors'] } & Wanted
    if (mood === 'contended')
      return answer(response, 409, { code: 10, message: 'The Gameserver was already allocated' })
    const found = allocate({ selectors: gameServerSelectors, metadata })
    if (mood === 'loses answers') return response.destroy()
    if (found === null)
      return answer(response, 429, { code: 8, message: 'there is no available GameServer to allocate' })
    return answer(response, 200, statusOf(found))
  }

  function kubernetesAllocation(body: unknown, response: ServerResponse): ServerResponse {
    complaints.push(...[...Value.Errors(gameServerAllocation, body)].map((one) => `${one.instancePath} ${one.message}`))
    const { spec } = body as { spec: Wanted }
    const found = mood === 'contended' ? null : allocate(spec)
    if (mood === 'loses answers') return response.destroy()
    const state = mood === 'contended' ? 'Contention' : found === null ? 'UnAllocated' : 'Allocated'
    return answer(response, 201, { ...(body as object), status: { state, ...(found === null ? {} : statusOf(found)) } })
  }

  function list(query: URLSearchParams, response: ServerResponse): ServerResponse {
    const [name = '', value] = (query.get('labelSelector') ?? '').split('=')
    const all = [...servers.values()].filter(({ labels }) =>
      value === undefined ? labels[name] !== undefined : labels[name] === value,
    )
    // A page goes on behind the last one's end, whatever was removed meanwhile.
    const after = query.get('continue') ?? ''
    const left = all.filter((one) => one.name > after).sort((a, b) => (a.name < b.name ? -1 : 1))
    const items = left.slice(0, pageSize).map((one) => ({
      metadata: {
        ...{ name: one.name, labels: one.labels },
        ...(one.deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
      status: { state: one.state },
    }))
    const next = left.length > pageSize ? { continue: items.at(-1)?.metadata.name } : {}
    return answer(response, 200, { kind: 'GameServerList', metadata: next, items })
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<ServerResponse> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://cluster')
    let text = ''
    for await (const part of request) text += part
    const body: unknown = text === '' ? null : JSON.parse(text)
    requests.push(body ?? `${request.method} ${pathname}`)
    if (mood === 'down') return answer(response, 503, { message: 'not now' })
    const isService = pathname === '/gameserverallocation'
    const isKnown = isService
      ? (request.socket as TLSSocket).authorized
      : request.headers.authorization === `Bearer ${clusterToken}`
    if (!isKnown) return answer(response, 401, { message: 'Who are you?' })
    const root = '/apis/agones.dev/v1/namespaces/games/gameservers'
    if (isService && request.method === 'POST') return service(body, response)
    if (pathname === '/apis/allocation.agones.dev/v1/namespaces/games/gameserverallocations') {
      return kubernetesAllocation(body, response)
    }
    if (pathname === root && request.method === 'GET') return list(searchParams, response)
    if (pathname.startsWith(`${root}/`) && request.method === 'DELETE') {
      const isThere = servers.delete(decodeURIComponent(pathname.slice(root.length + 1)))
      return answer(response, isThere ? 200 : 404, { kind: 'Status' })
    }
    complaints.push(`${request.method} ${pathname} is no call of a cluster`)
    return answer(response, 404, { message: 'no such call' })
  }

  const read = (name: string) => readFileSync(tlsFile(name))
  const server = createServer(
    {
      key: read('server.key'),
      cert: read('server.crt'),
      ca: read('ca.crt'),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      handle(request, response).catch((error: unknown) => {
        complaints.push(String(error))
        response.destroy()
      })
    },
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }

  return {
    url: `https://127.0.0.1:${port}`,
    ...{ servers, complaints, requests },
    mood(next: Mood) {
      mood = next
    },
    /** A server of a fleet, ready to be allocated. */
    add(over: Partial<StandInServer> = {}): StandInServer {
      const name = `fleet-${++count}`
      const one = { name, state: 'Ready', host: '127.0.0.1', port: 7_000 + count, labels: {}, annotations: {}, ...over }
      const added = { deleting: false, ...one, labels: { 'agones.dev/fleet': 'duels', ...one.labels } }
      servers.set(added.name, added)
      return added
    },
    allocated: () => [...servers.values()].filter(({ state }) => state === 'Allocated'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type AgonesCluster = Awaited<ReturnType<typeof agonesCluster>>
