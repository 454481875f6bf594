import { isIP } from 'node:net'
import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'

export const httpOptions = Closed({
  origins: Type.Array(Type.String({ pattern: '^https?://[^/]+$', form: 'https:// or http://, and a host' }), {
    default: [],
    description: 'Web origins whose pages may call, and open sockets; own pages always may',
  }),
  trustedProxies: Type.Array(Type.String(), {
    default: [],
    description:
      'Addresses or networks of proxies whose forwarded headers are believed; `loopback`, `linklocal` and `uniquelocal` name networks',
  }),
  bodyBytesMax: Type.Integer({ default: 65_536, minimum: 1_024, maximum: 16_777_216, description: 'Largest body' }),
  connectionsMax: Type.Integer({
    default: 25_000,
    minimum: 1,
    description: 'Most lines open at once, sockets among them; further ones are dropped',
  }),
  requestsPerMinute: Type.Integer({ default: 1_200, minimum: 1, description: 'Requests a minute of one caller' }),
})
export type HttpOptions = Static<typeof httpOptions>

/** Names for networks, as Fastify's `trustProxy` knows them. */
export const namedNetworks: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** Why this is not what a trusted proxy is named by; null where it is. */
export function networkProblem(name: string): string | null {
  if (Object.hasOwn(namedNetworks, name)) return null
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(name) ?? []
  const family = isIP(address)
  const bitsMax = family === 6 ? 128 : 32
  if (family !== 0 && Number(bits ?? 0) <= bitsMax) return null
  const names = Object.keys(namedNetworks).join(', ')
  return `${JSON.stringify(name)} is neither an address (10.0.0.7), nor a network (10.0.0.0/8), nor one of ${names}`
}
