import type { ServerId, SessionId } from '@muster/protocol'
import type { LaunchSource } from '../config.ts'

/** What a launched server is told. */
export interface LaunchContract {
  apiUrl: string
  server: ServerId
  session: SessionId
  reportToken: string
  ticketKey: string
  port: number
  maxPlayers: number
  brief: unknown
  /** The machine it is launched on: by it a lost process is found again. */
  node: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** A fresh environment: what the allow-list names of Muster's own, what the mode adds, and the launch contract. */
export function childEnvironment(
  own: Environment,
  inherit: readonly string[],
  source: Pick<LaunchSource, 'env' | 'bindHost' | 'publicHost'>,
  contract: LaunchContract,
): Record<string, string> {
  const inherited = inherit.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name] as string] as const]))
  return {
    ...Object.fromEntries(inherited),
    ...source.env,
    MUSTER_CONTRACT: '1',
    MUSTER_API_URL: contract.apiUrl,
    MUSTER_SERVER_ID: contract.server,
    MUSTER_SESSION_ID: contract.session,
    MUSTER_REPORT_TOKEN: contract.reportToken,
    MUSTER_PORT: String(contract.port),
    MUSTER_BIND_HOST: source.bindHost,
    MUSTER_PUBLIC_ADDRESS: `${source.publicHost}:${contract.port}`,
    MUSTER_MAX_PLAYERS: String(contract.maxPlayers),
    MUSTER_MATCH: JSON.stringify(contract.brief),
    MUSTER_TICKET_KEY: contract.ticketKey,
    MUSTER_LAUNCHER: contract.node,
  }
}
