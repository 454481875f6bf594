import { realpath } from 'node:fs/promises'
import { type Address, addressOfServer, answers } from './address.ts'
import { type Cluster, clusterIn, readPasswords } from './cluster.ts'

/** What `pg` takes to connect, from this process or another one on this machine. */
export interface PostgresConnection {
  host: string
  port: number
  user: string
  database: string
  password: string
  /** PGSSLMODE is meant for other servers: this one does not leave the machine. */
  ssl: false
}

export interface Connections {
  /** The database `muster`, as the role that owns it and nothing else. */
  connection: PostgresConnection
  /** May do everything: for operators, and for tests that make databases. */
  superuser: PostgresConnection
}

export async function connectionsTo(cluster: Cluster, address: Address): Promise<Connections> {
  const { muster, postgres } = await readPasswords(cluster)
  return {
    connection: { ...address, user: 'muster', database: 'muster', password: muster, ssl: false },
    superuser: { ...address, user: 'postgres', database: 'postgres', password: postgres, ssl: false },
  }
}

/** For a command beside a running Muster: how to reach the server that serves `dataDir`, if one does. */
export async function findRunningPostgres(dataDir: string): Promise<Connections | undefined> {
  const folder = await realpath(dataDir).catch(() => undefined)
  if (folder === undefined) return undefined
  const cluster = clusterIn(folder)
  const address = addressOfServer(cluster.pgdata)
  return address !== undefined && (await answers(address)) ? connectionsTo(cluster, address) : undefined
}
