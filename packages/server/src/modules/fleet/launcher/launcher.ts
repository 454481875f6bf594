import { join } from 'node:path'
import type { ServerId } from '@muster/protocol'
import { type Cancel, sleep } from '../../../platform/clock.ts'
import { afterCommit, type Tx } from '../../../platform/db.ts'
import { type Repeating, repeating } from '../../../platform/repeat.ts'
import type { Allocator } from '../allocator.ts'
import type { FleetOptions } from '../config.ts'
import type { Credentials } from '../credentials.ts'
import { mintInstance } from '../directory.ts'
import type { Allocation, Claim } from '../domain.ts'
import type { EndServers } from '../endings.ts'
import type { Figures } from '../figures.ts'
import type { FleetNeeds } from '../needs.ts'
import type { ProcessRow, ProcessStore } from '../store.ts'
import { createAttendant } from './attendant.ts'
import { createMemory } from './kept.ts'
import { createOutputFolder } from './output.ts'
import { launchedBy, type MarkedProcess, signalGroup } from './process-table.ts'
import { createSpawner } from './spawner.ts'

/** Starts a process for each session that wants one, and looks after the processes of this machine until they end. */
export interface Launcher {
  /** In the caller's transaction the server is entered; its process starts once that has committed. Null where the mode
   *  launches none, has as many as it may, or no port is left. */
  launch(tx: Tx, claim: Claim): Promise<Allocation | null>
  /** Takes over, or ends, what an earlier run left. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface LauncherNeeds extends FleetNeeds {
  store: ProcessStore
  credentials: Credentials
  figures: Figures
  endServers: EndServers
  confirm: Allocator['confirm']
}

const tidyEveryMs = 60_000
const killWaitMs = 5_000

export function createLauncher(needs: LauncherNeeds, options: FleetOptions): Launcher {
  const { clock, db, log, store, node } = needs
  const launcher = mintInstance()
  const output = createOutputFolder(join(needs.dataDir, 'servers'), {
    bytesMax: options.logBytesMax,
    linesMax: options.outputLinesMax,
  })
  const memory = createMemory(output)
  const nudge = () => looking?.nudge()
  const spawn = createSpawner({ ...needs, output, launcher }, options)
  const attend = createAttendant({ ...needs, spawn, memory, launcher, nudge })

  let looking: Repeating | null = null
  let jobs: Repeating[] = []
  let unhear: () => void = () => undefined
  let soon: Cancel = () => undefined

  const rowsOf = () => db.once((tx) => store.processesOf(tx, node))

  async function look(): Promise<number> {
    const rows = await rowsOf()
    // Only rows that an earlier run left without a process can have one that nobody wrote down.
    const orphaned = rows.some((row) => row.pid === null && row.launcher !== launcher)
    const lost: MarkedProcess[] = orphaned ? await launchedBy(node) : []
    let busy = false
    for (const row of rows) {
      try {
        if ((await attend(row, lost)) === 'busy') busy = true
      } catch (error) {
        log.warn({ err: error, server: row.server }, 'a game server could not be looked after; it is tried again')
      }
    }
    memory.keepOnly(new Set(rows.map((row) => row.server)))
    needs.figures.processes(rows.length)
    if (busy) {
      soon()
      soon = clock.after(options.launchPollMs, nudge)
    }
    return rows.length
  }

  async function beat(): Promise<void> {
    const living = memory.entries().filter(([, { lives }]) => lives)
    const known = await db.once((tx) =>
      store.beatLaunched(
        tx,
        clock.now(),
        living.map(([server]) => server),
      ),
    )
    const news = living.filter(([, { hasNews }]) => hasNews)
    if (news.length > 0) {
      await db.once((tx) =>
        store.saveOutput(
          tx,
          news.map(([server, { tail }]) => ({ server, lines: tail.last() })),
        ),
      )
      for (const [, one] of news) one.hasNews = false
    }
    // Whoever went while its process lives on is to be stopped: there are never two truths.
    if (living.some(([server]) => !known.has(server))) nudge()
  }

  /** Processes that bear this machine's name and that no row knows: ended at once. */
  async function endStrays(): Promise<void> {
    const [marked, rows] = [await launchedBy(node), await rowsOf()]
    const known = new Set(rows.map((row) => row.server))
    for (const { pid, server } of marked.filter((one) => !known.has(one.server))) {
      log.warn({ pid, server }, 'a game server that nobody knows of is ended')
      signalGroup(pid, 'SIGKILL')
    }
  }

  const sourceRequest = (claim: Claim, server: ServerId) => {
    const source = needs.launchSourceOf(claim.mode)
    if (source === null) return null
    return {
      ...{ ...claim, region: source.region ?? claim.region, server, instance: mintInstance(), node, launcher },
      ...{ name: claim.mode, host: source.publicHost, ports: source.ports, processesMax: source.processesMax },
      ...{ stopGraceMs: source.stopGraceS * 1_000, readyTimeoutMs: source.readyTimeoutS * 1_000, now: clock.now() },
    }
  }

  const isWanted = (row: ProcessRow) => row.wanted && row.state !== 'gone' && row.state !== 'draining'

  async function until(isDone: (rows: ProcessRow[]) => boolean, waitMs: number): Promise<void> {
    const giveUpAt = clock.now() + waitMs
    while (!isDone(await rowsOf()) && clock.now() < giveUpAt) {
      await look()
      await sleep(clock, options.launchPollMs)
    }
  }

  async function endAll(): Promise<void> {
    const rows = await rowsOf()
    const servers = rows.map((row) => row.server)
    const request = { servers, cause: 'stopped', detail: 'Muster stopped.', now: clock.now() } as const
    if (servers.length > 0) await db.transact((tx) => needs.endServers(tx, request))
    const graceMs = Math.max(0, ...rows.map((row) => row.stopGraceMs))
    await until((left) => left.length === 0, graceMs + killWaitMs)
  }

  return {
    async launch(tx, claim) {
      const request = sourceRequest(claim, needs.mintId('server'))
      if (request === null) return null
      const verdict = await store.launch(tx, request)
      if (verdict.kind === 'existing') return verdict.allocation
      if (verdict.kind !== 'launched') {
        afterCommit(tx, () => needs.figures.refused('launched'))
        return null
      }
      afterCommit(tx, () => {
        needs.figures.allocated('launched')
        nudge()
      })
      return verdict.allocation
    },

    async start() {
      await output.prepare()
      await endStrays()
      await look()
      const every = (name: string, seconds: number, run: () => Promise<unknown>) =>
        repeating(needs, name, seconds * 1_000, run)
      looking = every('game server processes', options.launchLookS, look)
      jobs = [
        every('game server beats', options.launchBeatS, beat),
        every('stray game servers', options.launchScanS, endStrays),
        repeating(needs, 'game server output', tidyEveryMs, async () =>
          output.tidy(
            clock.now(),
            options.logsKeptS * 1_000,
            options.logsMax,
            new Set((await rowsOf()).map((row) => row.server)),
          ),
        ),
      ]
      unhear = needs.wakes.hear('server', (servers) => {
        if (servers.some((server) => memory.has(server))) nudge()
      })
      await beat()
    },

    async stop() {
      unhear()
      soon()
      await Promise.all([looking?.stop(), ...jobs.splice(0).map((job) => job.stop())])
      looking = null
      if (options.onStop === 'drain') await until((rows) => !rows.some(isWanted), options.stopDrainS * 1_000)
      if (options.onStop !== 'keep') await endAll()
      else await beat()
    },
  }
}
