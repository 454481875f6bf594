import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MusterClient } from '@muster/client'
import type { Game } from '@muster/protocol'
import { rustProgram, startProgram } from '../support/rust.ts'
import { type FriendsGround, friendsGround } from './friends-ground.ts'

export const protocolId = 0xc0ff_ee01n
/** Less than the usual ten, so that a line that dropped is noticed within a test's patience. */
const timeoutS = 3

const command = [rustProgram('renet-coop-server')]
const raidOn = (ports: [number, number], netcode: object = {}, launch: object = {}) => ({
  server: { launch: { command, ports, processesMax: 8, lingerS: 1, ...launch } },
  ...{ transport: 'netcode', private: { playersMax: 12 } },
  netcode: { dialect: 'renet', protocolId: `0x${protocolId.toString(16)}`, timeoutS, ...netcode },
})

export const renetConfig = {
  modes: {
    raid: raidOn([43_200, 43_299]),
    // Players are sent to one address of the machine, and the server believes in another.
    'behind-nat': raidOn([43_300, 43_319], { internalHost: '127.0.0.9' }),
    'over-ipv6': raidOn([43_320, 43_339], {}, { bindHost: '::1', publicHost: '::1' }),
  },
  games: { gamesPerMinute: 100 },
  fleet: { heartbeatIntervalS: 1, launchBeatS: 0.5, launchLookS: 0.2, ttlS: 3 },
}

/** A line of what the bot says. */
export type Said = { event: string } & Record<string, unknown>

export interface Bot extends AsyncDisposable {
  /** The first line of that kind; rejects when the bot ends without it. */
  hear(event: string): Promise<Said>
  said(): readonly Said[]
  /** Resolves with the exit code; null where a signal ended it. */
  ended: Promise<number | null>
  /** All that it has printed. */
  text(): string
  kill(): Promise<void>
}

/** The bot in Rust, as somebody would start it. */
export function startBot(...words: string[]): Bot {
  const program = startProgram(rustProgram('renet-coop-bot'), ...words)
  return {
    hear: async (event) => JSON.parse((await program.until(new RegExp(`^\\{.*"event":"${event}".*$`, 'm')))[0]) as Said,
    said: () =>
      program
        .text()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Said),
    text: program.text,
    ended: program.ended,
    kill: program.kill,
    [Symbol.asyncDispose]: program.kill,
  }
}

/** What one token comes to: the bot's first word. A server that refuses is silent, so the bot waits that long for one. */
export async function tried(token: Uint8Array | string, withinMs = 10_000): Promise<string> {
  const text = typeof token === 'string' ? token : Buffer.from(token).toString('base64')
  const bot = startBot('connect', '--token', text, '--within', String(withinMs))
  const code = await bot.ended
  const [first] = bot.said()
  if (code !== 0 || first === undefined) throw new Error(`The bot could not try: ${bot.text()}`)
  return first.event
}

export interface RenetGround extends FriendsGround {
  /** A game that somebody new hosts. */
  hosted(mode?: string): Promise<Hosted>
}

export interface Hosted extends AsyncDisposable {
  host: MusterClient
  game: Game
  token: Uint8Array
  /** What the launched server was told. */
  environment: Record<string, string>
  key: Uint8Array
  /** What it has printed. */
  output(): Promise<string>
}

export async function renetGround(): Promise<RenetGround> {
  const ground = await friendsGround(renetConfig)
  return {
    ...ground,
    async hosted(mode = 'raid') {
      const host = await ground.player()
      const game = await host.hostGame({ mode })
      const environment = await ground.environmentOf(game.session_id)
      return {
        ...{ host, game, environment },
        token: tokenOf(game),
        key: Buffer.from(environment.MUSTER_NETCODE_KEY ?? '', 'hex'),
        output: () =>
          readFile(join(ground.home.data, 'servers', `${environment.MUSTER_SERVER_ID}.log`), 'utf8').catch(() => ''),
        [Symbol.asyncDispose]: () => host.endGame(game.game_id).catch(() => undefined),
      }
    },
  }
}

export function tokenOf({ connect_token: token }: Game): Uint8Array {
  if (typeof token !== 'string') throw new Error('There is no connect token beside the ticket.')
  return Buffer.from(token, 'base64')
}
