import type { ServerId } from '@muster/protocol'
import { sleep } from '../../../platform/clock.ts'
import type { Random } from '../../../platform/random.ts'
import { type Repeating, repeating } from '../../../platform/repeat.ts'
import { createSdks } from '../agones/sdks.ts'
import type { FleetOptions } from '../config.ts'
import type { ProcessRow } from '../store.ts'
import { type BooksNeeds, createBooks } from './books.ts'
import { createLeftovers } from './leftovers.ts'
import type { Child } from './machine.ts'
import { readOutput } from './output.ts'
import { nextStep } from './reconcile.ts'
import { type StartNeeds, startServer } from './start.ts'
import { createStrays } from './strays.ts'
import { createUpkeep } from './upkeep.ts'
import { type Watch, watchProcess } from './watch.ts'

/**
 * The launcher makes this machine's processes agree with the rows that ask for them: it starts what is missing, watches
 * what runs, ends what nobody wants, and takes over what an earlier Muster left running. It only ever compares rows with
 * processes, so it does not matter between which two steps a crash came.
 */
export interface Launcher {
  /** Names this run of it in the rows. */
  readonly name: string
  /** It is about to stop: nothing more is to be launched. */
  readonly closing: boolean
  /** Compares once, then goes on by itself. */
  start(): Promise<void>
  /** Something changed: compare now. */
  nudge(): void
  watches(server: ServerId): boolean
  /** The last lines of a server of this machine; null for any other. */
  outputOf(server: ServerId): readonly string[] | null
  /** Afterwards nothing is compared any more. */
  stop(onStop: FleetOptions['onStop']): Promise<void>
}

export interface LauncherNeeds extends Omit<StartNeeds, 'sdks'>, BooksNeeds {
  random: Random
  name: string
  store: StartNeeds['store'] & BooksNeeds['store']
}

const settleEveryMs = 20
/** Beyond the grace, how long a killed process may take to be seen gone. */
const killSlackMs = 5_000

export function createLauncher(needs: LauncherNeeds, options: FleetOptions): Launcher {
  const { clock, db, log, store, machine, node, credentials, name } = needs
  const books = createBooks(needs)
  const strays = createStrays(log, machine, options.strayGraceS * 1_000)
  const leftovers = createLeftovers(log, machine, node, options.strayGraceS * 1_000)
  const watched = new Map<ServerId, Watch>()
  const starting = new Map<ServerId, Promise<void>>()
  /** Servers whose session is over, with the time by which they are to have ended by themselves. */
  const lingering = new Map<ServerId, number>()
  const sdks = createSdks({
    ...needs,
    pidOf: (server) => watched.get(server)?.pid ?? null,
    async ready(server, session) {
      await books.ready(server, session, null, [])
      watched.get(server)?.noteReady()
    },
    async over(server, cause) {
      const watch = watched.get(server)
      await books.over(server, cause, watch?.output.last() ?? [])
      watch?.stop()
    },
  })
  const upkeep = createUpkeep({ clock, db, store, machine, figures: needs.figures }, options)
  let looking: Repeating | null = null
  let closing = false
  let scanAt = 0

  function follow(row: ProcessRow, process: { pid: number; startMark: string; child: Child | null }): Watch {
    const { server, session } = row
    const output = readOutput({
      file: machine.outputOf(server),
      bytesMax: options.logBytesMax,
      linesMax: options.outputLinesMax,
      secrets: [
        credentials.reportTokenOf(session),
        credentials.ticketKeyOf(server, row.instance).toString('hex'),
        credentials.netcodeKeyOf(server, row.instance).toString('hex'),
      ],
      from: row.state === 'starting' ? 'start' : 'tail',
    })
    const watch = watchProcess(
      { clock, log, machine, fastMs: options.launchPollMs, slowMs: options.launchLookS * 1_000 },
      {
        ...process,
        output,
        ready: row.state !== 'starting',
        readyBy: clock.now() + row.readyTimeoutMs,
        stopGraceMs: row.stopGraceMs,
      },
      {
        ready: (port) => books.ready(server, session, port, output.last()),
        overdue: () => books.overdue(server, output.last()),
        async ended(exit) {
          const asked = closing && watch.stopping ? 'stopped' : 'drained'
          const expected = watch.stopping || lingering.has(server)
          await books.ended(server, exit, expected ? asked : null, output.last())
          watched.delete(server)
          lingering.delete(server)
          leftovers.noteEnded(server)
          await sdks.close(server)
          // Whatever it had started may have outlived it.
          scanAt = 0
        },
      },
    )
    watched.set(server, watch)
    return watch
  }

  const record = (row: ProcessRow, watch: Watch) =>
    db.once((tx) =>
      store.recordProcess(tx, { server: row.server, launcher: name, pid: watch.pid, startMark: watch.startMark }),
    )

  async function start(row: ProcessRow): Promise<void> {
    const { server } = row
    const started = await startServer({ ...needs, sdks }, options, row)
    if ('failure' in started) {
      await sdks.close(server)
      return books.absent(server, started.failure, started.detail)
    }
    const { child } = started
    const { pid } = child
    const watch = follow(row, { pid, child, startMark: machine.startMarkOf(pid) ?? '' })
    needs.figures.launched()
    log.info({ server, session: row.session, mode: row.mode, pid }, 'a server was launched')
    if (!(await record(row, watch))) watch.stop()
  }

  async function take(row: ProcessRow, marked: Parameters<typeof nextStep>[1]['marked']): Promise<void> {
    const { server } = row
    const step = nextStep(row, { launcher: name, now: clock.now(), startMarkOf: machine.startMarkOf, marked })
    if (step.kind === 'wait') scanAt = 0
    else if (step.kind === 'absent') await books.absent(server, step.cause, step.detail)
    else if (step.kind === 'adopt') {
      log.info({ server, session: row.session, pid: step.pid, wanted: row.wanted }, 'a running server was taken over')
      const watch = follow(row, { pid: step.pid, startMark: step.startMark, child: null })
      await record(row, watch)
      tend(row, watch)
      await answerSdk(row, watch)
    } else if (!closing) {
      const done = start(row)
        .catch((error: unknown) => log.warn({ err: error, server }, 'a launch is tried again'))
        .finally(() => starting.delete(server))
      starting.set(server, done)
    }
  }

  async function answerSdk(row: ProcessRow, watch: Watch): Promise<void> {
    if (!closing && row.state !== 'gone' && !watch.stopping) await sdks.tend(row)
  }

  function tend(row: ProcessRow, watch: Watch): void {
    if (row.state === 'ready') watch.noteReady()
    if (row.state === 'gone') watch.stop()
    if (row.wanted || watch.stopping) return
    // A session that was played may have the server say good-bye to its players; one that never began has nobody.
    const lingerMs = watch.ready && !closing ? (needs.launchSourceOf(row.mode)?.lingerS ?? 0) * 1_000 : 0
    const until = lingering.get(row.server) ?? clock.now() + lingerMs
    lingering.set(row.server, until)
    if (clock.now() >= until) watch.stop()
  }

  async function attend(row: ProcessRow, marked: Parameters<typeof take>[1]): Promise<void> {
    const watch = watched.get(row.server)
    if (watch === undefined) {
      if (!starting.has(row.server)) await take(row, marked)
      return
    }
    tend(row, watch)
    if (row.pid === null) await record(row, watch)
    await answerSdk(row, watch)
  }

  async function compare(): Promise<void> {
    const now = clock.now()
    const scan = now >= scanAt || strays.any
    // Processes before rows: whose row is not there afterwards has none.
    const marked = scan ? await machine.marked(node) : null
    if (scan) scanAt = now + options.launchScanS * 1_000
    const rows = await db.once((tx) => store.processesOf(tx, node))
    const known = new Set<ServerId>([...rows.map((row) => row.server), ...watched.keys(), ...starting.keys()])
    for (const row of rows) {
      try {
        await attend(row, marked)
      } catch (error) {
        log.warn({ err: error, server: row.server }, 'a launched server could not be looked after; it is tried again')
      }
    }
    const written = new Set(rows.map((row) => row.server))
    for (const [server, watch] of watched) if (!written.has(server)) watch.stop()
    if (marked !== null) strays.end(marked, known, now)
    await upkeep(watched)
    await leftovers.end(known, now)
  }

  /** Waits until no process is left, or the time is over. */
  async function empty(withinMs: number): Promise<void> {
    const until = clock.now() + withinMs
    while (watched.size + starting.size > 0 && clock.now() < until) await sleep(clock, settleEveryMs)
  }

  async function settle(): Promise<void> {
    const until = clock.now() + killSlackMs
    while ((await leftovers.settle()) > 0 && clock.now() < until) await sleep(clock, settleEveryMs)
  }

  return {
    name,
    get closing() {
      return closing
    },
    async start() {
      await machine.prepare(clock.now())
      await compare()
      looking = repeating(needs, 'fleet launcher', options.launchLookS * 1_000, compare)
    },
    nudge: () => looking?.nudge(),
    watches: (server) => watched.has(server),
    outputOf: (server) => watched.get(server)?.output.last() ?? null,
    async stop(onStop) {
      closing = true
      if (onStop === 'drain') await empty(options.stopDrainS * 1_000)
      if (onStop !== 'keep') {
        await Promise.allSettled(starting.values())
        for (const watch of watched.values()) watch.stop()
        await empty(Math.max(0, ...[...watched.values()].map((watch) => watch.stopGraceMs)) + killSlackMs)
      }
      await looking?.stop()
      await Promise.allSettled(starting.values())
      await settle().catch((error: unknown) => log.warn({ err: error }, 'what ended servers left could not be ended'))
      if (watched.size > 0) log.info({ servers: [...watched.keys()] }, 'launched servers play on without Muster')
      await sdks.stop()
      for (const watch of watched.values()) watch.leave()
      watched.clear()
    },
  }
}
