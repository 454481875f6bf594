import type { ServerId, SessionId } from '@muster/protocol'
import { targetText } from '../../../platform/outgoing/addresses.ts'

/** Marks a process as launched by the node that it names: how it is found again after a crash of Muster. */
export const launcherMark = 'MUSTER_LAUNCHER'
export const serverMark = 'MUSTER_SERVER_ID'

export interface LaunchFacts {
  node: string
  apiUrl: string
  server: ServerId
  session: SessionId
  reportToken: string
  /** 32 bytes each; what a server lets players in with is one or the other. */
  keys: { ticket: Buffer } | { netcode: Buffer; protocolId: bigint; host: string }
  port: number
  bindHost: string
  publicHost: string
  playersMax: number
  match: unknown
  /** Where it finds its Agones SDK, by gRPC and by HTTP; null where its mode offers none. */
  sdkPort: number | null
}

const hex = (id: bigint) => `0x${id.toString(16).padStart(16, '0')}`

const keysOf = ({ keys, port }: LaunchFacts): Record<string, string> =>
  'ticket' in keys
    ? { MUSTER_TICKET_KEY: keys.ticket.toString('hex') }
    : {
        MUSTER_NETCODE_KEY: keys.netcode.toString('hex'),
        MUSTER_NETCODE_PROTOCOL_ID: hex(keys.protocolId),
        // What it must be configured with, for it refuses tokens that name another.
        MUSTER_NETCODE_ADDRESS: targetText({ host: keys.host, port }),
      }

/** As Agones names them. */
const sdkVariables = (port: number) => ({ AGONES_SDK_GRPC_PORT: String(port), AGONES_SDK_HTTP_PORT: String(port) })

/** The whole environment of a launched server: what it may inherit, what its mode adds, and the launch contract. Nothing
 *  else of Muster's own environment reaches it. */
export function launchEnvironment(
  facts: LaunchFacts,
  own: Readonly<Record<string, string | undefined>>,
  inherited: readonly string[],
  added: Readonly<Record<string, string>>,
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const name of inherited) {
    const value = own[name]
    if (value !== undefined) environment[name] = value
  }
  return {
    ...environment,
    ...added,
    MUSTER_CONTRACT: '1',
    MUSTER_API_URL: facts.apiUrl,
    [serverMark]: facts.server,
    MUSTER_SESSION_ID: facts.session,
    MUSTER_REPORT_TOKEN: facts.reportToken,
    ...keysOf(facts),
    MUSTER_PORT: String(facts.port),
    MUSTER_BIND_HOST: facts.bindHost,
    MUSTER_PUBLIC_ADDRESS: targetText({ host: facts.publicHost, port: facts.port }),
    MUSTER_MAX_PLAYERS: String(facts.playersMax),
    MUSTER_MATCH: JSON.stringify(facts.match),
    ...(facts.sdkPort === null ? {} : sdkVariables(facts.sdkPort)),
    [launcherMark]: facts.node,
  }
}
