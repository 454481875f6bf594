import type { ServerId, SessionId } from '@muster/protocol'
import type { Clock } from '../../../platform/clock.ts'
import type { Db } from '../../../platform/db.ts'
import type { Log } from '../../../platform/log.ts'
import type { LaunchSource } from '../config.ts'
import { type Ending, nextPort } from '../domain.ts'
import type { Machine, SdkPort } from '../launcher/machine.ts'
import type { ProcessRow, ProcessStore } from '../store.ts'
import type { AgonesOptions } from './config.ts'
import { freshGameServer, type GameServer } from './game-server.ts'
import { createSdk, type Sdk } from './sdk.ts'

/** The SDKs of the servers that this machine launches. A port is written down before its server starts, so that it is
 *  answered by whichever Muster looks after the server. */
export interface Sdks {
  /** Before its process starts. The port is null where the mode offers none. */
  open(row: ProcessRow): Promise<{ port: number | null } | { failure: Ending; detail: string }>
  /** Answers a running server on its port, unless it is answered already. */
  tend(row: ProcessRow): Promise<void>
  close(server: ServerId): Promise<void>
  stop(): Promise<void>
}

export interface SdksNeeds {
  clock: Clock
  log: Log
  db: Db
  store: Pick<ProcessStore, 'sdkOf' | 'keepSdk'>
  machine: Pick<Machine, 'serveSdk'>
  node: string
  launchSourceOf(mode: string): LaunchSource | null
  pidOf(server: ServerId): number | null
  ready(server: ServerId, session: SessionId): Promise<void>
  over(server: ServerId, cause: 'shut_down' | 'unhealthy'): Promise<void>
}

interface Open {
  sdk: Sdk
  port: number
  line: SdkPort
}

/** How many ports held by strangers are passed by for one server. */
const portTriesMax = 64
/** Of a mode that offers no SDK any more, what runs is answered until it ends. */
const noHealth = { disabled: true, initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 1 }

export function createSdks(needs: SdksNeeds): Sdks {
  const { clock, log, db, store, machine, node } = needs
  const opened = new Map<ServerId, Open>()
  const complained = new Set<ServerId>()
  let lastPort = 0

  async function serve(
    row: ProcessRow,
    port: number,
    options: AgonesOptions | undefined,
    takenOver: boolean,
  ): Promise<string | null> {
    const { server, session } = row
    const known = await db.once((tx) => store.sdkOf(tx, server))
    if (known === null) return 'the server has ended'
    const keep = (kept: GameServer) => db.once((tx) => store.keepSdk(tx, { server, port, kept }))
    const fresh = freshGameServer(options ?? { counters: {}, lists: {} }, row.playersMax)
    const sdk = createSdk(
      {
        ...{ clock, log, keep, takenOver, health: options?.health ?? noHealth },
        facts: {
          ...{ server, session, instance: row.instance, mode: row.mode, port: row.port, slots: row.playersMax },
          ...{ host: known.host, region: known.region, brief: known.brief, createdAt: row.createdAt },
        },
        listener: {
          ready: () => needs.ready(server, session),
          over: (cause) => needs.over(server, cause),
        },
      },
      (known.kept as GameServer | null) ?? fresh,
    )
    const owner = options?.anyProcess === true ? null : { node, server, pid: () => needs.pidOf(server) }
    const line = await machine.serveSdk({ clock, log, port, calls: sdk.calls, owner })
    if ('problem' in line) {
      sdk.stop()
      return line.problem
    }
    opened.set(server, { sdk, port, line })
    if (!takenOver) await keep(fresh)
    return null
  }

  async function close(server: ServerId): Promise<void> {
    complained.delete(server)
    const found = opened.get(server)
    if (found === undefined) return
    opened.delete(server)
    found.sdk.stop()
    await found.line.close()
  }

  return {
    async open(row) {
      const options = needs.launchSourceOf(row.mode)?.agones
      if (options === undefined) return { port: null }
      // A launch that is tried again, perhaps on another port for its players.
      await close(row.server)
      const [from, to] = options.ports
      const taken = new Set([...opened.values()].map(({ port }) => port))
      let problem = ''
      for (let tries = 0; tries < portTriesMax; tries++) {
        const port = nextPort(from, to, lastPort, taken)
        if (port === null) break
        lastPort = port
        const found = await serve(row, port, options, false)
        if (found === null) return { port }
        problem = ` The last, ${port}: ${found}.`
        taken.add(port)
      }
      return { failure: 'no_port', detail: `No port from ${from} to ${to} could be had for the Agones SDK.${problem}` }
    },
    async tend(row) {
      const { server, sdkPort } = row
      if (sdkPort === null || opened.has(server)) return
      const problem = await serve(row, sdkPort, needs.launchSourceOf(row.mode)?.agones, true)
      if (problem === null || complained.has(server)) return
      complained.add(server)
      log.warn({ server, port: sdkPort, problem }, 'a server’s Agones SDK cannot be answered; it is tried again')
    },
    close,
    async stop() {
      await Promise.all([...opened.keys()].map(close))
    },
  }
}
