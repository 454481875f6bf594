import { type MusterClient, MusterError } from '@muster/client'
import { CommandRefusal } from '../../command.ts'
import type { Screen } from '../screen.ts'
import type { Friend, Raid } from './raid.ts'

export interface FriendsResult {
  passcode: string
  difficulty: number
  /** Strikes by nick. */
  strikes: Record<string, number>
  /** What should have happened and did not. */
  shortcomings: string[]
}

/** In the order in which they come; the last finds the door closed. */
export const cast = ['Ada', 'Bruno', 'Chiara', 'Dario', 'Edda', 'Finn'] as const
type Nick = (typeof cast)[number]

export const modeName = 'raid'
const difficulty = 3
const strikeMs = 120

/** Friends gather by a passcode: one too many is turned away, one is removed, one drops the line and comes back, one is
 *  late; then their host chooses, and they fight until the beast falls. */
export async function playFriends(
  clients: ReadonlyMap<Nick, MusterClient>,
  { raid, screen }: { raid: Raid; screen: Screen },
): Promise<FriendsResult> {
  const inside = new Map<Nick, Friend>()
  try {
    return await play(clients, inside, { raid, screen })
  } finally {
    for (const friend of inside.values()) friend.leave()
  }
}

async function play(
  clients: ReadonlyMap<Nick, MusterClient>,
  inside: Map<Nick, Friend>,
  { raid, screen }: { raid: Raid; screen: Screen },
): Promise<FriendsResult> {
  const shortcomings: string[] = []
  const of = (nick: Nick) => clients.get(nick) as MusterClient
  const host = of('Ada')
  const refusedAs = async (nick: Nick, code: string, passcode: string) => {
    const met = await of(nick)
      .joinGame(passcode)
      .then(
        () => 'let in',
        (error: unknown) => (error instanceof MusterError ? error.code : String(error)),
      )
    if (met !== code) shortcomings.push(`${nick} should have met ${code}, and was ${met}.`)
  }

  screen.tell('Ada asks for a private game.')
  const game = await hosted(host)
  const { passcode } = game
  screen.tell(`A server of their own on ${game.address}. The passcode: ${passcode}.`)
  inside.set('Ada', await raid.enter(game))

  for (const nick of ['Bruno', 'Chiara', 'Dario'] as const) {
    inside.set(nick, await raid.enter(await of(nick).joinGame(passcode)))
    screen.tell(`${nick} has the passcode, and is in.`)
  }
  await refusedAs('Edda', 'GAME_FULL', passcode)
  screen.tell('Edda has it too, but the game is full.')
  const dario = inside.get('Dario')
  await host.kick(game.game_id, of('Dario').userId ?? '')
  await dario?.closed
  inside.delete('Dario')
  await refusedAs('Dario', 'KICKED', passcode)
  screen.tell('Ada removes Dario, who is dropped and cannot come back.')
  inside.set('Edda', await raid.enter(await of('Edda').joinGame(passcode)))
  screen.tell('There is room for Edda now.')

  inside.get('Ada')?.say({ type: 'choose', difficulty })
  await Promise.all([...inside.values()].map((friend) => friend.hear('started')))
  screen.tell(`Ada chooses difficulty ${difficulty}. Muster knows that play has begun, and the door is closed.`)
  await refusedAs('Finn', 'GAME_STARTED', passcode)
  screen.tell('Finn comes too late.')
  inside.get('Bruno')?.leave()
  await inside.get('Bruno')?.closed
  inside.set('Bruno', await raid.enter(await of('Bruno').joinGame(passcode)))
  screen.tell('Bruno’s line drops; a fresh ticket brings him back.')

  const [won = {}] = await Promise.all([...inside.values()].map((friend) => friend.fight(strikeMs)))
  const nicks = new Map([...clients].map(([nick, client]) => [client.userId ?? '', nick]))
  const strikes = Object.fromEntries(Object.entries(won).map(([player, count]) => [nicks.get(player) ?? player, count]))
  screen.tell('The beast has fallen.')
  const { results } = await host.results({ session: game.session_id })
  if (results.length !== 1) shortcomings.push('The result is not there.')
  if (Object.keys(strikes).length !== inside.size) shortcomings.push('Somebody who played is not in the result.')
  return { passcode, difficulty, strikes, shortcomings }
}

async function hosted(host: MusterClient) {
  try {
    return await host.hostGame({ mode: modeName, wait_s: 30 })
  } catch (error) {
    if (!(error instanceof MusterError) || error.code !== 'MODE_NOT_FOUND') throw error
    throw new CommandRefusal(
      `this Muster has no private games of a mode \`${modeName}\`. The demo needs the muster.config.ts of the repository: start the server there.`,
    )
  }
}
