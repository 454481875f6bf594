import { readFile } from 'node:fs/promises'
import type { Clock } from '../../../../platform/clock.ts'
import { createOutbound, type OutboundAnswer, type OutboundRequest } from '../../../../platform/outbound.ts'
import type { ClusterOptions, ClusterSource } from './config.ts'
import {
  type Answer,
  allocationOf,
  allocationRequestOf,
  kubernetesAnswer,
  type SessionFacts,
  serviceAnswer,
  sessionLabel,
} from './request.ts'

/** A game server of the cluster that was allocated for a session. */
export interface SeenServer {
  name: string
  session: string
  state: string
  /** The cluster is removing it. */
  deleting: boolean
}

/** What is asked of a cluster. Where no whole answer comes, it throws: then it is not known what was done. */
export interface ClusterApi {
  allocate(source: ClusterSource, facts: SessionFacts): Promise<Answer>
  /** Every server that was allocated for a session, whole; null where the cluster's API is not given. */
  list(session?: string): Promise<SeenServer[] | null>
  /** Gone afterwards, or never there. */
  remove(name: string): Promise<void>
  readonly canLook: boolean
}

interface Way {
  url: string
  caFile?: string
  certFile?: string
  keyFile?: string
  tokenFile?: string
}

const answerBytesMax = 16_777_216
const pageMax = 500
const pagesMax = 200

export function createClusterApi({ clock }: { clock: Clock }, options: ClusterOptions): ClusterApi {
  const { namespace, allocator, kubernetes } = options
  const hosts = [allocator, kubernetes].flatMap((way) => (way === undefined ? [] : [new URL(way.url).host]))
  const limits = { timeoutMs: options.timeoutMs, bytesMax: answerBytesMax, atOnceMax: options.atOnceMax }
  const outbound = createOutbound({ clock }, { hosts, ...limits })

  async function call(way: Way, path: string, request: OutboundRequest = {}): Promise<OutboundAnswer> {
    const read = (file: string | undefined) => (file === undefined ? undefined : readFile(file, 'utf8'))
    const [ca, cert, key, token] = await Promise.all([way.caFile, way.certFile, way.keyFile, way.tokenFile].map(read))
    const headers = {
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token.trim()}` }),
    }
    return outbound.call(new URL(way.url.replace(/\/$/, '') + path), { ...request, headers, tls: { ca, cert, key } })
  }

  const servers = `/apis/agones.dev/v1/namespaces/${namespace}/gameservers`

  return {
    canLook: kubernetes !== undefined,
    async allocate(source, facts) {
      if (allocator !== undefined) {
        const body = JSON.stringify(allocationRequestOf(source, namespace, facts))
        const { status, text } = await call(allocator, '/gameserverallocation', { method: 'POST', body })
        return serviceAnswer(status, text, source.port)
      }
      const path = `/apis/allocation.agones.dev/v1/namespaces/${namespace}/gameserverallocations`
      const body = JSON.stringify(allocationOf(source, namespace, facts))
      const { status, text } = await call(kubernetes as Way, path, { method: 'POST', body })
      return kubernetesAnswer(status, text, source.port)
    },
    async list(session) {
      if (kubernetes === undefined) return null
      const found: SeenServer[] = []
      let next = ''
      for (let page = 0; page < pagesMax; page++) {
        const query = new URLSearchParams({
          ...{
            labelSelector: session === undefined ? sessionLabel : `${sessionLabel}=${session}`,
            limit: String(pageMax),
          },
          ...(next === '' ? {} : { continue: next }),
        })
        const { status, text } = await call(kubernetes, `${servers}?${query}`)
        if (status !== 200) throw new Error(`The cluster answered ${status}.`)
        const { items, metadata } = JSON.parse(text) as ServerList
        found.push(...items.map(seenOf))
        next = metadata?.continue ?? ''
        if (next === '') return found
      }
      throw new Error('The cluster has too many servers.')
    },
    async remove(name) {
      if (kubernetes === undefined) return
      const { status, text } = await call(kubernetes, `${servers}/${encodeURIComponent(name)}`, { method: 'DELETE' })
      if (status !== 200 && status !== 202 && status !== 404) {
        throw new Error(`The cluster did not delete ${name}, but answered ${status}: ${text.slice(0, 200)}`)
      }
    },
  }
}

interface ServerList {
  metadata?: { continue?: string }
  items: {
    metadata: { name: string; labels?: Record<string, string>; deletionTimestamp?: string }
    status?: { state?: string }
  }[]
}

const seenOf = ({ metadata, status }: ServerList['items'][number]): SeenServer => ({
  ...{ name: metadata.name, session: metadata.labels?.[sessionLabel] ?? '', state: status?.state ?? '' },
  deleting: metadata.deletionTimestamp !== undefined,
})
