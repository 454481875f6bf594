import type { MusterClient } from '@muster/client'
import { defineCommand } from 'citty'
import type { Machine } from '../../config.ts'
import { systemClock } from '../../platform/clock.ts'
import { misuse, type Streams } from '../command.ts'
import { machineOf, machineOptions } from '../machine-options.ts'
import { tableOf } from '../table.ts'
import { openAccounts } from './accounts.ts'
import { cast, playFriends } from './friends/act.ts'
import { loadRaid } from './friends/raid.ts'
import { loadGame } from './game.ts'
import { details } from './help.ts'
import { botsMax, botsMin } from './roster.ts'
import { runDemo } from './run.ts'
import { createScreen, paint } from './screen.ts'
import { findOrStartServer } from './server.ts'
import { agreement, agreementText, standingsJson, standingsTable } from './standings.ts'

const roundsMax = 100

/** `muster demo`: everything from sign-up to rating, played by bots on real processes. */
export const demoCommand = Object.assign(
  defineCommand({
    meta: { name: 'demo', description: 'Watch bots register, search, play and be rated, on real processes' },
    args: {
      act: {
        type: 'positional',
        default: 'duels',
        description: 'What is played: duels among strangers, or friends, in a private game',
      },
      rounds: { type: 'string', default: '4', valueHint: 'N', description: 'Duels that each bot plays' },
      bots: {
        type: 'string',
        default: '8',
        valueHint: 'N',
        description: `How many play: even, ${botsMin} to ${botsMax}`,
      },
      url: { type: 'string', valueHint: 'URL', description: 'Play on the Muster that answers there' },
      json: { type: 'boolean', description: 'Print JSON instead of the table' },
      ...machineOptions('data', 'host', 'port', 'config'),
    },
    async run({ args, data }) {
      const { stdout, stderr } = data as Streams
      if (args.act !== 'duels' && args.act !== 'friends')
        throw misuse(`There is no act '${args.act}': duels or friends.`)
      const plan = {
        rounds: wholeIn('--rounds', args.rounds, 1, roundsMax),
        bots: wholeIn('--bots', args.bots, botsMin, botsMax),
      }
      if (plan.bots % 2 !== 0) throw misuse('--bots must be even: duels are played by two.')
      if (args.url !== undefined && !URL.canParse(args.url)) throw misuse(`--url: '${args.url}' is no address.`)
      const machine = machineOf(args)
      if (args.act === 'friends') return runFriends(machine, args, data as Streams)
      const game = await loadGame()

      await using server = await findOrStartServer(machine, args.url, stderr)
      const accounts = await openAccounts(machine.data, server.accounts, server.url)
      const screen = createScreen(stderr, systemClock)
      const result = await runDemo(plan, { accounts, game, screen, clock: systemClock }).finally(() => screen.close())

      const { bots, shortcomings, tookMs } = result
      if (args.json) {
        const { agree, pairs } = agreement(bots)
        const took = Math.round(tookMs / 100) / 10
        const whole = { url: server.url, rounds: plan.rounds, took_s: took, agreement: { agree, pairs }, shortcomings }
        stdout.write(`${JSON.stringify({ ...whole, bots: standingsJson(bots) }, null, 2)}\n`)
      } else {
        const duels = bots.reduce((sum, { played }) => sum + played.length, 0) / 2
        const took = (tookMs / 1_000).toFixed(1)
        stdout.write(`\n${standingsTable(bots, stdout)}\n${agreementText(bots)}\n`)
        stdout.write(`${duels} duels on ${duels} servers of their own, in ${took} s.\n`)
        if (!server.started) stdout.write(`The board: ${server.url}/leaderboards/duel\n`)
      }
      failWith(shortcomings, stderr)
    },
  }),
  { details },
)

/** The second act: six friends, one private game. */
async function runFriends(machine: Machine, args: { url?: string; json?: boolean }, { stdout, stderr }: Streams) {
  const raid = await loadRaid()
  await using server = await findOrStartServer(machine, args.url, stderr)
  const accounts = await openAccounts(machine.data, server.accounts, server.url)
  const clients = await accounts.signIn(cast)
  const screen = createScreen(stderr, systemClock)
  const friends = new Map(cast.map((nick, at) => [nick, clients[at] as MusterClient]))
  const { shortcomings, ...played } = await playFriends(friends, { raid, screen }).finally(() => screen.close())
  if (args.json) {
    stdout.write(`${JSON.stringify({ url: server.url, ...played, shortcomings }, null, 2)}\n`)
  } else {
    const rows = Object.entries(played.strikes).map(([nick, count]) => [nick, String(count)])
    stdout.write(
      `\n${tableOf(['name', 'strikes'], rows)}\nA raid of difficulty ${played.difficulty} among ${rows.length} friends.\n`,
    )
  }
  failWith(shortcomings, stderr)
}

function failWith(shortcomings: readonly string[], stderr: Streams['stderr']): void {
  if (shortcomings.length === 0) return
  process.exitCode = 1
  stderr.write(`${paint(stderr, 'red', 'Not everything happened that should have:')}\n`)
  for (const one of shortcomings) stderr.write(`  ${one}\n`)
}

function wholeIn(option: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw misuse(`${option} must be a whole number from ${min} to ${max}, but is '${text}'.`)
}
