import { randomBytes } from 'node:crypto'
import { createClient } from '@muster/client'
import { connectToken, dialects } from '@muster/netcode'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { optionsOf } from '../options.ts'
import { printTable, type Row, writeResults } from '../report.ts'
import { end, firstWord, makeFolder, startMuster, type Word } from '../served.ts'

/**
 * Connect tokens a second, beside the bare cipher over as many bytes; and private games: from `POST /games` to a server that
 * is ready, and how many are opened and ended in a minute, each with a process of its own. `bare` is a process that says it
 * is ready and nothing more, `node` the raid of the examples.
 */
const options = optionsOf({ short: { type: 'boolean', default: false } })
const tokens = options.short ? 5_000 : 50_000
const games = options.short ? 40 : 200
const hosts = 4

const drawn = (bytes: number) => new Uint8Array(randomBytes(bytes))
const input = {
  ...{ privateKey: drawn(32), nonce: drawn(24), clientToServerKey: drawn(32), serverToClientKey: drawn(32) },
  ...{ protocolId: 7n, clientId: 42n, createTimestamp: 1n, expireTimestamp: 61n, timeoutSeconds: 10 },
  ...{ publicAddresses: ['127.0.0.1:40000'], userData: drawn(256) },
}
const plain = drawn(1_008)

function perSecond(count: number, once: () => void): number {
  const began = performance.now()
  for (let at = 0; at < count; at++) once()
  return (count / (performance.now() - began)) * 1_000
}

function timeTokens(): Row[] {
  const bare = () => perSecond(tokens, () => xchacha20poly1305(input.privateKey, input.nonce).encrypt(plain))
  return dialects.map((dialect) => {
    perSecond(500, () => connectToken(input, dialect))
    const before = bare()
    const made = perSecond(tokens, () => connectToken(input, dialect))
    const cipher = (before + bare()) / 2
    return { dialect, 'tokens/s': Math.round(made), 'bare cipher/s': Math.round(cipher), 'of bare': made / cipher }
  })
}

const launch = { processesMax: 32, lingerS: 0, stopGraceS: 2 }
const idle = ['sh', '-c', 'echo "MUSTER_READY port=$MUSTER_PORT"; exec sleep 600']
const config = {
  modes: {
    bare: { server: { launch: { ...launch, command: idle, ports: [46_000, 46_099] } }, private: {} },
    node: {
      server: {
        launch: {
          ...launch,
          command: [process.execPath, 'examples/coop/dist/server.js'],
          cwd: process.cwd(),
          ports: [46_100, 46_199],
        },
      },
      private: {},
    },
  },
  fleet: { onStop: 'kill' },
  http: { requestsPerMinute: 1_000_000 },
  identity: { guestsPerMinute: 1_000_000 },
  games: { gamesPerMinute: 1_000_000 },
}

async function timeGames(url: string, mode: string): Promise<Row> {
  const tookMs: number[] = []
  let left = games
  const host = async () => {
    const client = createClient({ url })
    await client.guest()
    while (left-- > 0) {
      const began = performance.now()
      const { game_id: id } = await client.hostGame({ mode, wait_s: 60 })
      tookMs.push(performance.now() - began)
      await client.endGame(id)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: hosts }, host))
  const spentMs = performance.now() - began
  tookMs.sort((a, b) => a - b)
  const share = (part: number) => tookMs[Math.floor(tookMs.length * part)] ?? 0
  return {
    ...{ server: mode, games, 'a minute': Math.round((games / spentMs) * 60_000) },
    ...{ 'to ready p50, ms': share(0.5), 'p99, ms': share(0.99) },
  }
}

const tokenRows = timeTokens()
printTable('Connect tokens, one thread', tokenRows)

await using folder = await makeFolder(config)
const muster = startMuster(folder)
const gameRows: Row[] = []
try {
  const { url } = await firstWord<Word>(muster)
  for (const mode of ['bare', 'node']) gameRows.push(await timeGames(url, mode))
} finally {
  await end(muster)
}
printTable(`Private games opened and ended by ${hosts} hosts at once, each with a process of its own`, gameRows)
writeResults('friends', { tokens: tokenRows, games: gameRows })
