/**
 * Some of the run's bots, in a process of their own.
 *
 *   node bots.js FOLDER URL FIRST COUNT SEED
 *
 * Told `quiet` they stop searching, and it says `quiet` when all are nowhere; told `logins` they try the ended ones.
 */
import { setMaxListeners } from 'node:events'
import { createBot } from './bot.ts'
import { seededChance } from './chance.ts'
import { historian } from './history.ts'

const [folder = '', url = '', first = '0', count = '0', seed = '1'] = process.argv.slice(2)
const write = historian(folder, `bots ${first}`)
const quiet = new AbortController()
setMaxListeners(0, quiet.signal)
const say = (message: unknown) => void process.send?.(message as object)

const bots = Array.from({ length: Number(count) }, (_, at) => {
  const name = `bot${Number(first) + at}`
  const note = (news: Parameters<typeof write>[0]) => say(write(news, name))
  return createBot({
    url,
    name,
    chance: seededChance(Number(seed) * 1_000 + Number(first) + at),
    note,
    quiet: quiet.signal,
  })
})
const lives = Promise.all(bots.map((bot) => bot.live()))

process.on('message', (word) => {
  if (word === 'quiet') {
    quiet.abort()
    void lives.then(() => say('quiet'))
  }
  if (word === 'logins') void Promise.all(bots.map((bot) => bot.tryOldLogins())).then(() => say('logins'))
})
process.on('disconnect', () => process.exit(0))
// An answer that nobody waits for any more, or a socket's last words, end no bot.
process.on('unhandledRejection', (error) => console.error(error))
