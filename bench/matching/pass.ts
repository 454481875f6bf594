import { setImmediate } from 'node:timers/promises'
import { type EngineEntry, MatchIndex, type QueueRules } from '@muster/server/matching'
import { optionsOf } from '../options.ts'
import { printTable, type Row, writeResults } from '../report.ts'
import { type Chance, chanceFrom } from './chance.ts'

/**
 * How long one pass takes over a full queue, from a thousand entries to a million.
 * `full`: all have just come and nearly all can be matched. `waiting`: nobody who waits suits anybody,
 * and a thousand newcomers do; this is what a pass costs many times a second.
 */
const nowMs = 1_700_000_000_000
const options = optionsOf({ short: { type: 'boolean', default: false } })
const roundsMax = options.short ? 2 : 7
const roundsMin = options.short ? 1 : 3
const roundsForMs = 4000
const newcomers = 1000

interface Case {
  name: string
  rules: QueueRules
  count: number
  /** Players per unit of `count`: entries or players. */
  unit: 'entries' | 'players'
  make: (chance: Chance, n: number) => EngineEntry
  newcomer?: (chance: Chance, n: number, count: number) => EngineEntry
}

const window = { initial: 50, perSecond: 10, max: 500 }
const duel: QueueRules = { teams: 2, teamSize: 1, window }
const teams: QueueRules = { teams: 2, teamSize: 5, window }
const idOf = (n: number): string => Buffer.from(`entry_${String(n).padStart(16, '0')}`).toString('latin1')

function fresh(sizeMost: number) {
  return (chance: Chance, n: number): EngineEntry => ({
    id: idOf(n),
    rating: 1500 + 300 * chance.normal(),
    size: 1 + Math.floor(chance.fraction() * sizeMost),
    sinceMs: nowMs,
    front: false,
  })
}

/** Entries a sixteenth of a point apart, whose windows of many widths never reach that far. */
const narrow: QueueRules = { teams: 2, teamSize: 1, window: { initial: 0.001, perSecond: 0.001, max: 0.05 } }
const apart = (chance: Chance, n: number): EngineEntry => {
  return { id: idOf(n), rating: n / 16, size: 1, sinceMs: nowMs - chance.fraction() * 60_000, front: false }
}
const besideOne = (chance: Chance, n: number, count: number): EngineEntry => {
  return { ...apart(chance, Math.floor(chance.fraction() * count)), id: idOf(n) }
}

/** Parties of three alone never fill teams of five; newcomers of two complete them. */
const trios = (chance: Chance, n: number): EngineEntry => ({ ...fresh(1)(chance, n), size: 3 })
const duos = (chance: Chance, n: number): EngineEntry => ({ ...fresh(1)(chance, n), size: 2 })

function casesFor(counts: number[], base: Omit<Case, 'count'>): Case[] {
  return counts.map((count) => ({ ...base, count }))
}

const cases: Case[] = [
  ...casesFor([1e3, 1e4, 1e5, 1e6], { name: '1v1, full', rules: duel, unit: 'entries', make: fresh(1) }),
  ...casesFor([1e6], {
    name: '1v1 adaptive, full',
    rules: { ...duel, window: { ...window, adaptive: true } },
    unit: 'entries',
    make: fresh(1),
  }),
  ...casesFor([1e3, 1e4, 1e5, 1e6], {
    name: '1v1, waiting',
    rules: narrow,
    unit: 'entries',
    make: apart,
    newcomer: besideOne,
  }),
  ...casesFor([1e3, 1e4, 1e5], { name: '5v5 parties 1-5, full', rules: teams, unit: 'players', make: fresh(5) }),
  ...casesFor([1e5], { name: '5v5 alone, full', rules: teams, unit: 'players', make: fresh(1) }),
  ...casesFor([1e4, 1e5], { name: '5v5 trios, waiting', rules: teams, unit: 'players', make: trios, newcomer: duos }),
  ...casesFor([1e5], {
    name: '8 for all, full',
    rules: { teams: 8, teamSize: 1, minTeams: 3, window },
    unit: 'players',
    make: fresh(1),
  }),
]

interface Round {
  addMs: number
  passMs: number
  passCpuMs: number
  matches: number
  bytesEach: number
}

async function runOnce({ rules, count, unit, make, newcomer }: Case, seed: number): Promise<Round> {
  const chance = chanceFrom(seed)
  const before = await bytesHeld()
  const index = new MatchIndex(rules)
  let n = 0
  let addMs = 0
  while ((unit === 'entries' ? index.size : index.players) < count) {
    const batch = Array.from({ length: Math.min(10_000, count - n) }, () => make(chance, n++))
    const startMs = clockMs()
    for (const entry of batch) if ((unit === 'entries' ? index.size : index.players) < count) index.add(entry)
    addMs += clockMs() - startMs
  }
  if (newcomer !== undefined) {
    index.pass(nowMs)
    for (let c = 0; c < newcomers; c++) index.add(newcomer(chance, n++, count))
  }
  const bytesEach = ((await bytesHeld()) - before) / index.size
  const startCpu = process.cpuUsage()
  const startMs = clockMs()
  const matches = index.pass(nowMs).length
  const passMs = clockMs() - startMs
  const { user, system } = process.cpuUsage(startCpu)
  return { addMs, passMs, passCpuMs: (user + system) / 1000, matches, bytesEach }
}

async function measure(each: Case): Promise<Row> {
  const rounds: Round[] = []
  const startMs = clockMs()
  while (rounds.length < roundsMax && (rounds.length < roundsMin || clockMs() - startMs < roundsForMs)) {
    rounds.push(await runOnce(each, rounds.length + 1))
  }
  const passMs = rounds.map((round) => round.passMs).sort((a, b) => a - b)
  const last = rounds.at(-1)!
  return {
    queue: each.name,
    count: each.count,
    of: each.unit,
    'pass ms, best': passMs[0]!,
    'pass ms, median': passMs[passMs.length >> 1]!,
    'CPU ms, best': Math.min(...rounds.map((round) => round.passCpuMs)),
    matches: last.matches,
    'adds/s': Math.round(each.count / (Math.min(...rounds.map((round) => round.addMs)) / 1000)),
    'bytes/entry': Math.round(last.bytesEach),
  }
}

function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** What is held once everything is cleared away; buffers are given back only after a turn of the event loop. */
async function bytesHeld(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.()
    await setImmediate()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

for (let seed = 1; seed <= 3; seed++) for (const each of cases) if (each.count <= 1e4) await runOnce(each, seed)
const rows: Row[] = []
for (const each of cases) rows.push(await measure(each))
printTable('One matching pass (bytes include the id; adds/s are entries or players)', rows)
writeResults('matching-pass', { passes: rows })
/** CPU time of the whole process, its clearing away included: on a machine with nothing else to do the pass takes less. */
const cpuMs = (name: string): number => Number(rows.findLast((row) => row.queue === name)!['CPU ms, best'])
console.log(`Goals, in CPU time: 1,000,000 of 1v1 under 1 s: ${cpuMs('1v1, full') < 1000 ? 'met' : 'missed'};`)
console.log(`100,000 players of 5v5 under 1 s: ${cpuMs('5v5 parties 1-5, full') < 1000 ? 'met' : 'missed'}.`)
