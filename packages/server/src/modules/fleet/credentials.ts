import type { KeyId, ServerId, SessionId } from '@muster/protocol'
import type { Caller } from '../../platform/http/route.ts'
import { type Secrets, sameSecret } from '../../platform/secrets.ts'

/** What servers are handed. All of it is derived from the root secret, so that no table holds a usable key and no node
 *  has to ask the database whether a token is good. */
export interface Credentials {
  /** What this run of the server verifies tickets with; the same in each run that was registered with one key. */
  ticketKeyOf(server: ServerId, instance: string): Buffer
  /** What it opens connect tokens with. */
  netcodeKeyOf(server: ServerId, instance: string): Buffer
  /** Opens this session's reports and nothing else. */
  reportTokenOf(session: SessionId): string
  /** The session whose report token this is. */
  reportCaller(token: string): Caller | null
}

/**
 * Names a run of a server that registered itself, and who registered it. A registration may arrive twice, the second
 * time after its answer was heard; were the ticket key that of the run alone, the server would refuse everybody from then on.
 */
export const registeredRun = (run: string, key: KeyId): string => `${run}.${key}`
const ticketsOf = (instance: string): string => instance.slice(instance.indexOf('.') + 1)

const reportToken = /^muster_rt_([0-9a-z]{1,64})_([A-Za-z0-9_-]{43})$/

export function createCredentials(secrets: Secrets): Credentials {
  const reportSecretOf = (session: SessionId) => secrets.derive('fleet.report', session).toString('base64url')
  return {
    ticketKeyOf: (server, instance) => secrets.derive('fleet.ticket', server, ticketsOf(instance)),
    netcodeKeyOf: (server, instance) => secrets.derive('fleet.netcode', server, ticketsOf(instance)),
    reportTokenOf: (session) => `muster_rt_${session.slice('session_'.length)}_${reportSecretOf(session)}`,
    reportCaller(token) {
      const [, body, secret] = reportToken.exec(token) ?? []
      if (body === undefined || secret === undefined) return null
      const session: SessionId = `session_${body}`
      return sameSecret(secret, reportSecretOf(session)) ? { kind: 'report', session } : null
    },
  }
}
