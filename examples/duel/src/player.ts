import { createClient } from '@muster/client'
import { playDuel } from './bot.ts'

/** One player, whole: comes as a guest, finds a match, plays it, and says how it went.
 *
 *  node examples/duel/dist/player.js [URL] [SKILL]
 */
const [url = 'http://127.0.0.1:3000', skill = '0.5'] = process.argv.slice(2)
const client = createClient({ url })
await client.guest().catch((error: Error) => {
  console.error(`Muster could not be reached at ${url}: ${error.message}. Start it with npm start.`)
  process.exit(1)
})
const me = await client.me()

console.log(`${me.nick} waits for an opponent.`)
const { match, ticket } = await client.findMatch({ queues: ['duel'] })

const { outcome, you, them } = await playDuel(
  { address: match.address, ticket },
  {
    skill: Number(skill),
    thinkMs: 100,
    onStart: (opponent) => console.log(`Against ${opponent}, on ${match.address}.`),
    comeBack: () => client.ticket(match.session_id),
  },
)
const { ratings } = await client.player(me.id)
const rating = ratings.find(({ board }) => board === 'duel')?.rating
console.log(`${outcome}, ${you}:${them}; rated ${rating === undefined ? 'not yet' : Math.round(rating)} now.`)
