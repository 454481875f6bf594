import type { ServerId, SessionId } from '@muster/protocol'
import type { Caller } from '../../platform/http/route.ts'
import { type Secrets, sameSecret } from '../../platform/secrets.ts'

/** What servers are handed. All of it is derived from the root secret, so that no table holds a usable key and no node
 *  has to ask the database whether a token is good. */
export interface Credentials {
  /** What this run of the server verifies tickets with. */
  ticketKeyOf(server: ServerId, instance: string): Buffer
  /** Opens this session's reports and nothing else. */
  reportTokenOf(session: SessionId): string
  /** The session whose report token this is. */
  reportCaller(token: string): Caller | null
}

const reportToken = /^muster_rt_([0-9a-z]{1,64})_([A-Za-z0-9_-]{43})$/

export function createCredentials(secrets: Secrets): Credentials {
  const reportSecretOf = (session: SessionId) => secrets.derive('fleet.report', session).toString('base64url')
  return {
    ticketKeyOf: (server, instance) => secrets.derive('fleet.ticket', server, instance),
    reportTokenOf: (session) => `muster_rt_${session.slice('session_'.length)}_${reportSecretOf(session)}`,
    reportCaller(token) {
      const [, body, secret] = reportToken.exec(token) ?? []
      if (body === undefined || secret === undefined) return null
      const session: SessionId = `session_${body}`
      return sameSecret(secret, reportSecretOf(session)) ? { kind: 'report', session } : null
    },
  }
}
