import { Closed } from '@muster/protocol'
import Type, { type Static } from 'typebox'

export const httpOptions = Closed({
  origins: Type.Array(Type.String({ pattern: '^https?://[^/]+$' }), {
    default: [],
    description: 'Web origins whose pages may call, and open sockets; own pages always may',
  }),
  trustedProxies: Type.Array(Type.String(), {
    default: [],
    description: 'Addresses or networks of proxies whose forwarded headers are believed',
  }),
  bodyBytesMax: Type.Integer({ default: 65_536, minimum: 1_024, maximum: 16_777_216, description: 'Largest body' }),
  requestsPerMinute: Type.Integer({ default: 1_200, minimum: 1, description: 'Requests a minute of one caller' }),
})
export type HttpOptions = Static<typeof httpOptions>
