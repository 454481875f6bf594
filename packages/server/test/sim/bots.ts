import { type MatchId, matchmakingContracts, type PlayerId, type SessionId, sessionContracts } from '@muster/protocol'
import type { Caller } from '../../src/platform/http/route.ts'
import type { Random } from '../../src/platform/random.ts'
import type { GameServers } from './game-servers.ts'
import type { Answer, Ask, Network, Place } from './network.ts'
import type { SimTime } from './time.ts'

export interface BotsNeeds {
  time: SimTime
  random: Random
  network: Network
  servers: GameServers
  queues: readonly string[]
  /** Something was said that cannot be. */
  broken(what: string): void
  /** It was told that it waits. */
  joined(player: PlayerId, entry: string): void
  /** It was told that its acceptance is known. */
  accepted(player: PlayerId, match: MatchId): void
  /** It was told where its match is played. */
  confirmed(player: PlayerId, match: MatchId, session: SessionId): void
}

/** How patient, fickle and forgetful players are; nobody is, once the world is calm. */
export interface Manners {
  decline: number
  silent: number
  doubleClick: number
  leaveSearch: number
  leavePlay: number
  vanish: number
  reconnect: number
}

export const wild: Manners = {
  ...{
    decline: 0.06,
    silent: 0.05,
    doubleClick: 0.2,
    leaveSearch: 0.12,
    leavePlay: 0.3,
    vanish: 0.04,
    reconnect: 0.2,
  },
}
export const gentle: Manners = {
  ...{ decline: 0, silent: 0, doubleClick: 0, leaveSearch: 0, leavePlay: 0, vanish: 0, reconnect: 0 },
}

const pollS = 25
const think = { leastMs: 100, mostMs: 2_000 }

type Contracts = typeof matchmakingContracts

/** One who searches, answers, plays, and begins again. It believes only what it is told, and forgets at will. */
export class Bot implements Place {
  readonly player: PlayerId
  readonly name: string
  readonly #needs: BotsNeeds
  readonly #caller: Caller
  readonly #manners: () => Manners
  #requests = 0
  #stopped = false
  /** No more than told to: it plays on, and does not search again. */
  resting = false

  constructor(number: number, needs: BotsNeeds, manners: () => Manners) {
    this.name = `bot-${number}`
    this.player = `player_${String(number).padStart(3, '0')}`
    this.#needs = needs
    this.#manners = manners
    this.#caller = {
      ...{ kind: 'player', player: this.player, nick: this.name, guest: false, login: 'login_1', operator: false },
    }
  }

  start(): void {
    this.#needs.time.after(this.#needs.random.fraction() * 3_000, () => void this.#live())
  }

  stop(): void {
    this.#stopped = true
  }

  #chance(of: number): boolean {
    return of > 0 && this.#needs.random.fraction() < of
  }

  #pause(leastMs = think.leastMs, mostMs = think.mostMs): Promise<void> {
    return this.#needs.time.sleep(leastMs + this.#needs.random.fraction() * (mostMs - leastMs))
  }

  #ask(
    contract: Contracts[keyof Contracts] | (typeof sessionContracts)[keyof typeof sessionContracts],
    ask: Omit<Ask, 'caller'> = {},
  ): Promise<Answer> {
    return this.#needs.network.ask(this, contract as never, { caller: this.#caller, ...ask })
  }

  async #live(): Promise<void> {
    while (!this.#stopped) {
      await this.#pause()
      if (this.resting) continue
      if (await this.#join()) await this.#search()
      if (this.#chance(this.#manners().vanish)) await this.#pause(5_000, 60_000)
    }
  }

  /** Whether it may be that it waits somewhere. */
  async #join(): Promise<boolean> {
    const { random, queues } = this.#needs
    const wanted = queues.filter(() => random.fraction() < 0.5)
    const body = { queues: wanted.length === 0 ? [queues[0]] : wanted }
    const key = `${this.name} ${++this.#requests}`
    const clicks = this.#chance(this.#manners().doubleClick) ? 2 : 1
    const answers = await Promise.all(
      Array.from({ length: clicks }, () => this.#ask(matchmakingContracts.createEntry, { body, key })),
    )
    for (const answer of answers) {
      if (answer.known && answer.status === 201) {
        this.#needs.joined(this.player, answer.body.entry_id as string)
      }
    }
    if (answers.every((answer) => answer.known && answer.code === 'PAUSED')) {
      await this.#pause(1_000, 8_000)
      return false
    }
    return true
  }

  async #search(): Promise<void> {
    let after: string | undefined
    for (let polls = 0; polls < 200 && !this.#stopped; polls++) {
      if (this.resting || this.#chance(this.#manners().leaveSearch)) await this.#ask(matchmakingContracts.deleteEntry)
      if (this.#chance(this.#manners().vanish)) await this.#pause(1_000, 60_000)
      const entry = await this.#ask(matchmakingContracts.readEntry, {
        query: { wait_s: pollS, after },
        timeoutMs: (pollS + 5) * 1_000,
      })
      if (!entry.known || entry.status >= 500) {
        await this.#pause()
        continue
      }
      if (entry.status === 404) break
      after = entry.body.revision as string
      const status = entry.body.status as string
      if (status === 'cancelled') break
      if (status === 'match_found') await this.#answer(entry.body)
      // Where it cannot be let in right now, it is told no server; the next poll says more.
      if (status === 'match_confirmed' && entry.body.match !== undefined) {
        await this.#play(entry.body)
        break
      }
    }
  }

  async #answer(entry: Record<string, unknown>): Promise<void> {
    const offer = entry.offer as { match_id: MatchId; you_accepted: boolean } | undefined
    if (offer === undefined || offer.you_accepted) return
    const { decline, silent, doubleClick } = this.#manners()
    if (this.#chance(silent)) return void (await this.#pause(8_000, 20_000))
    await this.#pause()
    const contract = this.#chance(decline) ? matchmakingContracts.declineMatch : matchmakingContracts.acceptMatch
    const clicks = this.#chance(doubleClick) ? 2 : 1
    const params = { id: offer.match_id }
    const answers = await Promise.all(Array.from({ length: clicks }, () => this.#ask(contract, { params })))
    if (contract !== matchmakingContracts.acceptMatch) return
    if (answers.some((answer) => answer.known && answer.status === 200))
      this.#needs.accepted(this.player, offer.match_id)
  }

  /** Plays to the end, on the server it was sent to. */
  async #play(entry: Record<string, unknown>): Promise<void> {
    const match = entry.match as { match_id: MatchId; session_id: SessionId; address: string }
    this.#needs.confirmed(this.player, match.match_id, match.session_id)
    let ticket = entry.ticket as string | undefined
    for (let tries = 0; tries < 6 && !this.#stopped; tries++) {
      if (ticket === undefined) {
        const fresh = await this.#ask(sessionContracts.createTicket, { params: { id: match.session_id } })
        if (fresh.known && (fresh.status === 404 || fresh.status === 409)) return
        ticket = fresh.known ? (fresh.body.ticket as string | undefined) : undefined
      }
      if (ticket !== undefined) {
        const staysMs = this.#chance(this.#manners().reconnect) ? this.#needs.random.fraction() * 20_000 : null
        const played = await this.#needs.servers.connect(match.address, this.player, ticket, staysMs)
        if (played === 'over') return
        ticket = undefined
        if (this.#chance(this.#manners().leavePlay)) {
          await this.#ask(sessionContracts.leaveSession, { params: { id: match.session_id } })
          return
        }
      }
      await this.#pause()
    }
  }
}
