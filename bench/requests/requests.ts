import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { optionsOf } from '../options.ts'
import { cpuSecondsOf } from '../processes.ts'
import { hottest } from '../profile.ts'
import { printTable, type Row, writeResults } from '../report.ts'
import { end, firstWord, makeFolder, startMuster, type Word } from '../served.ts'
import type { Drive, Driven, Wanted } from './load.ts'
import { config, prepare, type Setting } from './setting.ts'

/**
 * Requests a second through the real HTTP edge, from `muster serve` with its PostgreSQL; beside it a bare Fastify route
 * that answers as much, and asks nobody. The same client drives both by turns, each in a process of its own.
 */
const options = optionsOf({
  short: { type: 'boolean', default: false },
  only: { type: 'string' },
  profile: { type: 'boolean', default: false },
})
const connections = 128
const accounts = 32
const rounds = options.short ? 2 : 5
const roundMs = options.short ? 1_000 : 2_000
const warmUpMs = 1_000

interface Case {
  call: string
  /** Requests a second; null where the work is meant to be slow. */
  goal: number | null
  expect: number
  bare: 'GET' | 'POST'
  wanted(setting: Setting): Wanted[]
}

/** Twice what Nakama did: 1,544 registrations by device id a second, 2,800 logins. */
const goals = { registrations: 3_088, logins: 5_600 }

const cases: Case[] = [
  {
    ...{ call: 'guest sign-up', goal: goals.registrations, expect: 201, bare: 'POST' },
    wanted: ({ guests }) => guests.map(() => ({ method: 'POST', path: '/auth/guest', body: {} })),
  },
  {
    ...{ call: 'refresh', goal: goals.logins, expect: 200, bare: 'POST' },
    wanted: ({ guests }) =>
      guests.map(({ refresh_token }) => ({
        ...{ method: 'POST', path: '/auth/refresh', body: { refresh_token }, follows: true },
      })),
  },
  {
    ...{ call: 'login by password', goal: null, expect: 200, bare: 'POST' },
    wanted: ({ accounts }) => accounts.map((body) => ({ method: 'POST', path: '/auth/login', body })),
  },
  { ...{ call: 'ticket', goal: goals.logins, expect: 201, bare: 'POST' }, wanted: ({ tickets }) => tickets },
  {
    ...{ call: 'own profile', goal: goals.logins, expect: 200, bare: 'GET' },
    wanted: ({ guests }) => guests.map(({ access_token: token }) => ({ method: 'GET', path: '/players/me', token })),
  },
]

const beside = (name: string) =>
  fork(fileURLToPath(new URL(name, import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })

async function drive(load: ChildProcess, asked: Drive): Promise<Driven> {
  load.send(asked)
  const said = await firstWord<{ driven: Driven } | { failed: string }>(load)
  if ('failed' in said) throw new Error(said.failed)
  return said.driven
}

interface Sum {
  count: number
  tookMs: number
  p50Ms: number[]
  p99Ms: number[]
}
const nothing = (): Sum => ({ count: 0, tookMs: 0, p50Ms: [], p99Ms: [] })
function add(sum: Sum, { count, tookMs, p50Ms, p99Ms }: Driven): void {
  sum.count += count
  sum.tookMs += tookMs
  sum.p50Ms.push(p50Ms)
  sum.p99Ms.push(p99Ms)
}
const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!
const perSecond = ({ count, tookMs }: Sum) => (count / tookMs) * 1_000

async function measure(on: Stage, { call, goal, expect, bare, wanted }: Case): Promise<Row> {
  let ours: Drive = { port: on.musterPort, forMs: warmUpMs, expect, wanted: wanted(on.setting) }
  const plain: Drive = {
    ...{ port: on.barePort, forMs: roundMs, expect: bare === 'GET' ? 200 : 201 },
    wanted: ours.wanted.map(({ body, token }) => ({
      ...{ method: bare, path: '/bare' },
      ...(body === undefined ? {} : { body }),
      ...(token === undefined ? {} : { token }),
    })),
  }
  ours = { ...ours, forMs: roundMs, wanted: (await drive(on.load, ours)).wanted }
  await drive(on.load, { ...plain, forMs: warmUpMs })
  const sum = { ours: nothing(), bare: nothing(), own: 0, below: 0, bareCpu: 0 }
  for (let round = 0; round < rounds; round++) {
    const before = cpuSecondsOf(on.pid)
    const driven = await drive(on.load, ours)
    const after = cpuSecondsOf(on.pid)
    ours = { ...ours, wanted: driven.wanted }
    add(sum.ours, driven)
    sum.own += after.own - before.own
    sum.below += after.below - before.below
    const bareBefore = cpuSecondsOf(on.barePid).own
    add(sum.bare, await drive(on.load, plain))
    sum.bareCpu += cpuSecondsOf(on.barePid).own - bareBefore
  }
  const rate = perSecond(sum.ours)
  const bareRate = perSecond(sum.bare)
  return {
    ...{ call, 'requests/s': Math.round(rate), 'p50, ms': median(sum.ours.p50Ms), 'p99, ms': median(sum.ours.p99Ms) },
    'own CPU, µs': (sum.own / sum.ours.count) * 1e6,
    'PostgreSQL CPU, µs': (sum.below / sum.ours.count) * 1e6,
    'bare CPU, µs': (sum.bareCpu / sum.bare.count) * 1e6,
    'bare/s': Math.round(bareRate),
    'bare p99, ms': median(sum.bare.p99Ms),
    'of bare': rate / bareRate,
    'goal/s': goal ?? '–',
    'of goal': goal === null ? '–' : rate / goal,
  }
}

interface Stage {
  load: ChildProcess
  musterPort: number
  barePort: number
  pid: number
  barePid: number
  setting: Setting
}

const profiles = fileURLToPath(new URL('../../results/profiles/', import.meta.url))
if (options.profile) mkdirSync(profiles, { recursive: true })
let drivenSinceUs = 0
await using folder = await makeFolder(config)
const muster = startMuster(folder, options.profile ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : [])
const bare = beside('bare.js')
const load = beside('load.js')
try {
  const [{ url, firstOperator }, bareWord] = await Promise.all([
    firstWord<Word>(muster),
    firstWord<{ url: string }>(bare),
    firstWord(load),
  ])
  if (firstOperator === null) throw new Error('A new server has no first operator.')
  const setting = await prepare(url, firstOperator, { guests: connections, accounts })
  const [musterPort, barePort] = [Number(new URL(url).port), Number(new URL(bareWord.url).port)]
  const stage = { load, musterPort, barePort, pid: muster.pid!, barePid: bare.pid!, setting }
  const rows: Row[] = []
  drivenSinceUs = Number(process.hrtime.bigint() / 1_000n)
  const chosen = cases.filter(({ call }) => options.only === undefined || call.includes(options.only))
  for (const each of chosen) rows.push(await measure(stage, each))
  printTable(`Requests over ${connections} connections (logins by password: ${accounts}), beside a bare Fastify`, rows)
  writeResults('requests', { requests: rows })
} finally {
  await Promise.all([muster, bare, load].map(end))
}
if (options.profile) for (const line of hottest(profiles, drivenSinceUs)) console.log(line)
