import { readFile } from 'node:fs/promises'
import { createClient, type MusterClient } from '@muster/client'
import { eventually } from '../support/eventually.ts'
import {
  type FoundProcess,
  type Home,
  type MusterProcess,
  musterHome,
  processesOf,
  raidServer,
} from '../support/muster-process.ts'

const launch = { command: [process.execPath, raidServer], ports: [43_000, 43_099], processesMax: 8, lingerS: 1 }

export const friendsConfig = {
  modes: {
    raid: { server: { launch }, private: { playersMax: 3 } },
    hasty: { server: { launch }, private: { playersMax: 3, emptyS: 1 }, loadingTimeoutS: 2 },
    scarce: { server: { launch: { ...launch, processesMax: 1 } }, private: {} },
    'members-only': { server: { launch }, private: { guests: false } },
    duel: { server: { launch: { ...launch, ports: [43_100, 43_199] } } },
  },
  games: { guessesPerMinute: 3, gamesPerMinute: 100 },
  fleet: { heartbeatIntervalS: 1, launchBeatS: 0.5, launchLookS: 0.2, ttlS: 3 },
}

export interface FriendsGround extends AsyncDisposable {
  home: Home
  muster(): MusterProcess
  player(name?: string): Promise<MusterClient>
  guest(): Promise<MusterClient>
  /** Processes of launched servers. */
  servers(): Promise<FoundProcess[]>
  /** What the launched server of a session was told. */
  environmentOf(session: string): Promise<Record<string, string>>
  /** Every launched server is gone, and with it its slot. */
  untilAllFree(): Promise<void>
  restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

/** A real Muster process whose modes are played among friends. */
export async function friendsGround(config: object = friendsConfig): Promise<FriendsGround> {
  const home = await musterHome(config)
  let muster = await home.start()
  let count = 0
  const servers = () => processesOf(`MUSTER_API_URL=${home.url}`)
  return {
    home,
    muster: () => muster,
    async player(name = `friend-${++count}`) {
      const client = createClient({ url: muster.url })
      await client.register({ username: name, password: `${name} keeps this to themselves`, nick: name })
      return client
    },
    async guest() {
      const client = createClient({ url: muster.url })
      await client.guest()
      return client
    },
    servers,
    async environmentOf(session) {
      for (const { pid } of await servers()) {
        // Another game's server may have ended since it was found.
        const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
        const pairs = text.split('\u0000').map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string])
        const environment = Object.fromEntries(pairs)
        if (environment.MUSTER_SESSION_ID === session) return environment
      }
      throw new Error(`No server runs ${session}.`)
    },
    async untilAllFree() {
      await eventually('every server is gone', async () => (await servers()).length === 0)
    },
    async restart(signal) {
      await muster.end(signal)
      muster = await home.start()
    },
    async [Symbol.asyncDispose]() {
      await muster.end('SIGTERM')
      await home[Symbol.asyncDispose]()
    },
  }
}
