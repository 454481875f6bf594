import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { duelServer, type Home, musterHome, processesOf, raidServer } from '../support/muster-process.ts'

const config = {
  modes: {
    duel: {
      server: { launch: { command: [process.execPath, duelServer], ports: [42_100, 42_199], processesMax: 8 } },
    },
    raid: {
      server: { launch: { command: [process.execPath, raidServer], ports: [42_300, 42_349], processesMax: 8 } },
      private: { playersMax: 4 },
    },
  },
  boards: { duel: { rating: { system: 'glicko2' } } },
  queues: {
    duel: { mode: 'duel', board: 'duel', acceptTimeoutS: 3, window: { initial: 5_000, perSecond: 0 } },
  },
}

interface Shown {
  url: string
  shortcomings: string[]
  agreement: { agree: number; pairs: number }
  bots: {
    name: string
    player_id: string
    rating_before: number
    rating_after: number
    games: number
    won: number
    drawn: number
    lost: number
  }[]
}

describe('muster demo', () => {
  let home: Home
  let first: Shown
  beforeAll(async () => {
    home = await musterHome(config)
  })
  afterAll(async () => {
    await home[Symbol.asyncDispose]()
  })

  /** Muster and its database at once; the last game server bids its players farewell first, and needs no Muster for it. */
  const allHasEnded = async () => {
    const left = await processesOf(home.folder)
    expect(left.filter(({ commandLine }) => !/examples\/\w+\/dist\/server\.js/.test(commandLine))).toEqual([])
    await eventually('the last game server has ended', async () => (await processesOf(home.folder)).length === 0)
  }

  it('alone, starts a server, plays the whole journey, and stops it', async () => {
    const { code, stdout, stderr } = await home.run('demo', '--bots', '4', '--rounds', '2', '--json')
    expect([code, stderr.match(/Not everything/)]).toEqual([0, null])
    first = JSON.parse(stdout) as Shown
    expect(first.shortcomings).toEqual([])
    expect(first.bots).toHaveLength(4)
    for (const bot of first.bots) {
      expect(bot.games).toBe(2)
      expect(bot.won + bot.drawn + bot.lost).toBe(2)
    }
    const order = first.bots.map((bot) => bot.rating_after)
    expect(order).toEqual([...order].sort((a, b) => b - a))
    for (const words of [
      /No Muster answers on .*: starting one on a free port\./,
      /username {2}operator/,
      /4 bots have registered\./,
      /Round 2 of 2: everybody searches\./,
      /Match found: \w+ \(1500\) and \w+ \(1500\)\./,
      /Ada declines\. \w+ must wait again\./,
      /Bruno says nothing, and \w+ waits for the answer\./,
      /\w+ is back at the front of the queue \(no_answer\)\./,
      /A server of their own on 127\.0\.0\.1:421\d\d: \w+ against \w+\./,
      /\w+ \d : \d \w+/,
    ]) {
      expect(stderr).toMatch(words)
    }
    await allHasEnded()
  })

  it('keeps to itself who its bots are', async () => {
    const kept = await readFile(join(home.data, 'demo.json'), 'utf8')
    const passwords = Object.values(
      (JSON.parse(kept) as { own: { accounts: Record<string, { password: string }> } }).own.accounts,
    ).map(({ password }) => password)
    expect(new Set(passwords).size).toBe(4)
  })

  it('beside a running server, plays there, and goes on from the ratings of before', async () => {
    const muster = await home.start()
    const { code, stdout, stderr } = await home.run('demo', '--bots', '4', '--rounds', '1')
    expect(code).toBe(0)
    expect(stderr).toContain(`A Muster answers on ${muster.url}: the bots play there.`)
    expect(stderr).toContain('4 bots have signed in; 4 have played before.')
    const before = Object.fromEntries(first.bots.map((bot) => [bot.name, Math.round(bot.rating_after)]))
    const rows = stdout.split('\n').flatMap((line) => {
      const [, name, rating, games] = /^\s+\d+\s+(\w+)\s+[\d.]+\s+(\d+)\s+\d+\s+\S+\s+(\d+)/.exec(line) ?? []
      return name === undefined ? [] : [[name, Number(rating), Number(games)] as const]
    })
    expect(rows).toHaveLength(4)
    for (const [name, rating, games] of rows) expect([rating, games]).toEqual([before[name], 3])
    expect(stdout).toMatch(/Of \d pairs of bots the ratings order \d as their skill does/)
    expect(stdout).toMatch(/2 duels on 2 servers of their own/)
    expect(await muster.end('SIGTERM')).toBe(0)
  })

  it('plays a second act among friends', async () => {
    const { code, stdout, stderr } = await home.run('demo', 'friends')
    expect([code, stderr.match(/Not everything/)]).toEqual([0, null])
    for (const words of [
      /A server of their own on 127\.0\.0\.1:423\d\d\. The passcode: [A-Z0-9]{6}\./,
      /Edda has it too, but the game is full\./,
      /Ada removes Dario, who is dropped and cannot come back\./,
      /Finn comes too late\./,
      /Bruno’s line drops; a fresh ticket brings him back\./,
      /The beast has fallen\./,
    ]) {
      expect(stderr).toMatch(words)
    }
    for (const nick of ['Ada', 'Bruno', 'Chiara', 'Edda'])
      expect(stdout).toMatch(new RegExp(`^\\s*${nick}\\s+\\d+$`, 'm'))
    expect(stdout).toContain('A raid of difficulty 3 among 4 friends.')
    await allHasEnded()
  })

  it('says so where there is nothing to play', async () => {
    expect(await home.run('demo', 'chess')).toMatchObject({ code: 2, stdout: '' })
    const nowhere = await home.run('demo', '--url', 'http://127.0.0.1:9')
    expect(nowhere).toMatchObject({ code: 1, stdout: '' })
    expect(nowhere.stderr).toBe('muster demo: no Muster with a queue `duel` answers on http://127.0.0.1:9.\n')
  })
})
