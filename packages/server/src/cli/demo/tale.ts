import type { Screen } from './screen.ts'

interface Found {
  players: string[]
  accepted: string[]
  isOver: boolean
}

/** Tells of each match what its players do, once, though each of them only knows of itself. */
export interface Tale {
  searches(nick: string, more?: string): void
  offered(match: string, nick: string, ratings: ReadonlyMap<string, number>): void
  accepts(match: string, nick: string): void
  declines(match: string, nick: string): void
  staysSilent(match: string, nick: string): void
  /** A match fell through, and this player waits again. */
  waitsAgain(nick: string, reason: string): void
  confirmed(match: string, address: string): void
  scores(nick: string, opponent: string, you: number, them: number): void
  over(match: string, nick: string, opponent: string, you: number, them: number): void
  counts: { declined: number; silent: number; waitedAgain: number; servers: Set<string> }
}

export function createTale(screen: Screen): Tale {
  const matches = new Map<string, Found>()
  const counts: Tale['counts'] = { declined: 0, silent: 0, waitedAgain: 0, servers: new Set() }
  const told = new Set<string>()
  const once = (what: string, text: string) => {
    if (told.has(what)) return
    told.add(what)
    screen.tell(text)
  }
  const matchOf = (id: string): Found => {
    const found = matches.get(id) ?? { players: [], accepted: [], isOver: false }
    matches.set(id, found)
    return found
  }
  const others = (match: string, nick: string) => matchOf(match).players.filter((one) => one !== nick)

  return {
    counts,
    searches: (nick, more = '') => screen.show(nick, `searches${more}`),
    offered(match, nick, ratings) {
      const found = matchOf(match)
      if (!found.players.includes(nick)) found.players.push(nick)
      screen.show(nick, 'has found a match')
      if (found.players.length < 2) return
      const named = found.players.map((one) => `${one} (${Math.round(ratings.get(one) ?? 0)})`)
      once(`found ${match}`, `Match found: ${named.join(' and ')}.`)
    },
    accepts(match, nick) {
      const found = matchOf(match)
      found.accepted.push(nick)
      screen.show(nick, 'has accepted')
      if (found.accepted.length === 2) once(`accepted ${match}`, `${found.accepted.join(' and ')} accept.`)
    },
    declines(match, nick) {
      counts.declined++
      screen.show(nick, 'has declined')
      screen.tell(
        `${nick} declines.${others(match, nick).length > 0 ? ` ${others(match, nick)[0]} must wait again.` : ''}`,
      )
    },
    staysSilent(match, nick) {
      counts.silent++
      screen.show(nick, 'says nothing')
      const waiting = others(match, nick)[0]
      screen.tell(`${nick} says nothing${waiting === undefined ? '' : `, and ${waiting} waits for the answer`}.`)
    },
    waitsAgain(nick, reason) {
      counts.waitedAgain++
      screen.show(nick, 'waits again, at the front')
      screen.tell(`${nick} is back at the front of the queue (${reason}).`)
    },
    confirmed(match, address) {
      counts.servers.add(`${match} ${address}`)
      once(`confirmed ${match}`, `A server of their own on ${address}: ${matchOf(match).players.join(' against ')}.`)
    },
    scores: (nick, opponent, you, them) => screen.show(nick, `plays against ${opponent}  ${you} : ${them}`),
    over(match, nick, opponent, you, them) {
      screen.show(nick, `${you > them ? 'has won' : you < them ? 'has lost' : 'has drawn'} against ${opponent}`)
      once(`over ${match}`, `${nick} ${you} : ${them} ${opponent}`)
    },
  }
}
