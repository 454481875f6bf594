import { createTicketGate, type TicketGate } from '@muster/gameserver'
import { type PlayerId, type ServerId, type SessionId, serverContracts, sessionContracts } from '@muster/protocol'
import { createPlayerReports, type PlayerReports } from '../../../gameserver/src/player-reports.ts'
import { createMusterTime, type MusterTime } from '../../../gameserver/src/time.ts'
import type { Caller } from '../../src/platform/http/route.ts'
import type { Random } from '../../src/platform/random.ts'
import type { Answer, Network, Place } from './network.ts'
import type { SimTime } from './time.ts'

export interface ServersNeeds {
  time: SimTime
  random: Random
  network: Network
  /** The caller a report token stands for. */
  reporterOf(session: SessionId): Caller
  modes: readonly string[]
  capacity: number
  /** Shortest and longest play. */
  gameMs: readonly [number, number]
  /** How far a server's own clock may be off. */
  skewMsMax: number
  faults(): ServerFaults
  broken(what: string): void
}

/** How bad the game servers are. */
export interface ServerFaults {
  /** Chances in each session: dies, never gets ready, reports what cannot be, says everything twice. */
  die: number
  neverReady: number
  lie: number
  repeat: number
  abandon: number
}

interface Play {
  session: SessionId
  slots: number
  gate: TicketGate
  factions: PlayerId[][]
  present: Map<PlayerId, () => void>
  loadingMs: number
  started: boolean
  over: boolean
  attendance: PlayerReports
}

/** Who was let in: out again, because play is over, or because the line dropped. */
export type Played = 'over' | 'dropped' | 'refused'

const lateMs = 60_000
/** A long poll's answer may be dated at any moment of its wait, so only a quick one tells the time. */
const datedWithinMs = 2_000

/** One game server: one life of it after the other, under one id. */
class GameServer implements Place {
  readonly name: string
  readonly port: number
  readonly #needs: ServersNeeds
  readonly #key: Caller
  /** Its own clock may be minutes off; it follows the time of Muster's answers, as the SDK does. */
  readonly #musterTime: MusterTime
  readonly #ownNow: () => number
  #plays = new Map<SessionId, Play>()
  #life = 0
  #gone = false
  #ticketKey: string | null = null

  constructor(number: number, needs: ServersNeeds) {
    this.name = `server_${number}`
    this.port = 7_000 + number
    this.#needs = needs
    this.#key = { kind: 'key', key: `key_${number}`, scopes: ['server'] }
    const skewMs = (needs.random.fraction() * 2 - 1) * needs.skewMsMax
    this.#ownNow = () => Math.floor(needs.time.now + skewMs)
    this.#musterTime = createMusterTime(this.#ownNow)
  }

  start(): void {
    if (!this.#gone) void this.#live(++this.#life)
  }

  /** It dies, and nobody starts it again. */
  end(): void {
    this.#gone = true
    this.die()
  }

  /** Everything it knew and everybody on it is gone. */
  die(): void {
    this.#life++
    const lost = [...this.#plays.values()].flatMap((play) => [...play.present.values()])
    this.#plays = new Map()
    this.#ticketKey = null
    for (const drop of lost) drop()
    this.#needs.time.after(1_000 + this.#needs.random.fraction() * 60_000, () => this.start())
  }

  #ask(
    contract: object,
    params: object,
    body: unknown,
    caller: Caller = this.#key,
    timeoutMs?: number,
  ): Promise<Answer> {
    const sentAt = this.#ownNow()
    return this.#needs.network.ask(this, contract as never, { caller, params, body, timeoutMs }).then((answer) => {
      const heardAt = this.#ownNow()
      if (answer.known && heardAt - sentAt < datedWithinMs) this.#musterTime.hear(answer.date, sentAt, heardAt)
      return answer
    })
  }

  async #live(life: number): Promise<void> {
    const { time, random, modes, capacity } = this.#needs
    while (life === this.#life) {
      const body = { id: this.name, name: this.name, address: '127.0.0.1', ports: { game: this.port }, capacity, modes }
      const registered = await this.#ask(serverContracts.registerServer, {}, body)
      if (life !== this.#life) return
      if (registered.known && registered.status === 201) {
        this.#plays = new Map()
        this.#ticketKey = registered.body.ticket_key as string
        await this.#beatOn(life)
      }
      await time.sleep(500 + random.fraction() * 2_000)
    }
  }

  /** Until it is told to register anew. */
  async #beatOn(life: number): Promise<void> {
    const { time } = this.#needs
    while (life === this.#life) {
      const sessions = [...this.#plays.values()].map(({ session, present }) => ({
        session_id: session,
        players: [...present.keys()],
      }))
      const body = { current_players: sessions.flatMap(({ players }) => players).length, load: 0, sessions, wait_s: 8 }
      const beat = await this.#ask(serverContracts.heartbeat, { id: this.name }, body, this.#key, 15_000)
      if (life !== this.#life) return
      if (!beat.known || beat.status >= 500) {
        await time.sleep(500)
        continue
      }
      if (beat.status !== 200) return
      this.#obey(life, beat.body as never)
    }
  }

  #obey(
    life: number,
    orders: {
      assign: { session_id: SessionId; max_players: number; match: unknown }[]
      kick: { session_id: SessionId; player_id?: PlayerId }[]
    },
  ): void {
    for (const { session_id: session, max_players: slots, match } of orders.assign) {
      if (!this.#plays.has(session)) void this.#run(life, session, slots, match as never)
    }
    for (const { session_id: session, player_id: player } of orders.kick) {
      const play = this.#plays.get(session)
      if (play === undefined) continue
      if (player !== undefined) play.present.get(player)?.()
      else this.#close(play)
    }
  }

  #close(play: Play): void {
    play.over = true
    this.#plays.delete(play.session)
    for (const drop of [...play.present.values()]) drop()
  }

  async #report(play: Play, contract: object, body: unknown): Promise<Answer | null> {
    const { time, random, reporterOf, faults } = this.#needs
    for (let tries = 0; tries < 60; tries++) {
      const twice = random.fraction() < faults().repeat ? 2 : 1
      const asked = Array.from({ length: twice }, () =>
        this.#ask(contract, { id: play.session }, body, reporterOf(play.session)),
      )
      const [first] = await Promise.all(asked)
      if (first?.known && first.status < 500 && first.status !== 429) return first
      await time.sleep(300 + random.fraction() * 3_000)
      if (this.#plays.get(play.session) !== play) return null
    }
    return null
  }

  async #run(
    life: number,
    session: SessionId,
    slots: number,
    match: { factions: PlayerId[][]; loading_timeout_s: number },
  ): Promise<void> {
    const { time, random, faults } = this.#needs
    const key = this.#ticketKey
    if (key === null) return
    const gate = createTicketGate({ key, server: this.name as ServerId, session, now: this.#musterTime.now })
    const tell = async (news: object) => void (await this.#report(play, sessionContracts.reportPlayers, news))
    const play: Play = {
      ...{ session, slots, gate, factions: match.factions, present: new Map(), started: false, over: false },
      loadingMs: match.loading_timeout_s * 1_000,
      attendance: createPlayerReports(tell, undefined, this.#ownNow),
    }
    this.#plays.set(session, play)
    const there = () => life === this.#life && this.#plays.get(session) === play
    const { die, neverReady, lie, abandon } = faults()
    if (random.fraction() < neverReady) return
    if (random.fraction() < die) time.after(random.fraction() * 60_000, () => there() && this.die())
    if (random.fraction() < lie) void this.#lie(play)

    await time.sleep(random.fraction() * 1_500)
    if (!there()) return
    const ready = await this.#report(play, sessionContracts.reportReady, {})
    if (!there()) return
    if (ready === null || !ready.known || ready.status !== 200) return this.#close(play)

    await this.#loading(play, there)
    if (!there()) return
    const [least, most] = this.#needs.gameMs
    await play.attendance.told()
    if (!there()) return
    const started = await this.#report(play, sessionContracts.reportStarted, {})
    if (!there()) return
    if (started === null || !started.known || started.status !== 200) return this.#close(play)
    play.started = true
    await time.sleep(least + random.fraction() * (most - least))
    if (!there()) return
    await play.attendance.told()
    if (!there()) return
    if (random.fraction() < abandon) await this.#report(play, sessionContracts.reportAbandoned, { reason: 'bored' })
    else await this.#report(play, sessionContracts.reportResult, this.#resultOf(play))
    if (there()) this.#close(play)
  }

  /** Until all have come, or time is up. */
  async #loading(play: Play, there: () => boolean): Promise<void> {
    const { time } = this.#needs
    const wanted = play.factions.flat().length
    const until = time.now + Math.min(play.loadingMs, lateMs)
    while (there() && time.now < until && play.present.size < wanted) await time.sleep(500)
  }

  #resultOf(play: Play): object {
    const { random } = this.#needs
    const ranks = play.factions.map((_, at) => at + 1)
    for (let at = ranks.length - 1; at > 0; at--) {
      const other = Math.floor(random.fraction() * (at + 1))
      ;[ranks[at], ranks[other]] = [ranks[other] as number, ranks[at] as number]
    }
    return { teams: play.factions.map((players, at) => ({ players, rank: ranks[at] })) }
  }

  /** Says what cannot be, at some moment. */
  async #lie(play: Play): Promise<void> {
    const { time, random, reporterOf, broken } = this.#needs
    await time.sleep(random.fraction() * 40_000)
    const lies: [object, unknown][] = [
      [sessionContracts.reportResult, { teams: [{ players: ['player_stranger'], rank: 1 }] }],
      [sessionContracts.reportResult, { teams: [{ players: play.factions.flat(), rank: 1 }] }],
      [sessionContracts.reportPlayers, { joined: ['player_stranger'], left: [] }],
    ]
    const [contract, body] = lies[Math.floor(random.fraction() * lies.length)] as [object, unknown]
    const answer = await this.#ask(contract, { id: play.session }, body, reporterOf(play.session))
    if (answer.known && answer.status < 300) broken(`a lie of ${this.name} about ${play.session} was believed`)
  }

  /** Players as this server counts them. */
  get players(): number {
    let count = 0
    for (const { present } of this.#plays.values()) count += present.size
    return count
  }

  connect(player: PlayerId, ticket: string, staysMs: number | null): Promise<Played> {
    const { time, capacity, broken } = this.#needs
    const tried = [...this.#plays.values()].map((play) => ({ play, admission: play.gate.admit(ticket) }))
    const letIn = tried.filter(({ admission }) => admission.ok)
    if (letIn.length > 1) broken(`[6] a ticket of ${player} admits to several sessions of ${this.name}`)
    const [found] = letIn
    if (found === undefined || !found.admission.ok) return Promise.resolve('refused')
    const { play, admission } = found
    if (admission.admitted.player !== player) broken(`[6] a ticket of ${admission.admitted.player} lets ${player} in`)
    play.present.get(player)?.()
    return new Promise((resolve) => {
      const drop = () => {
        if (play.present.get(player) !== drop) return
        play.present.delete(player)
        resolve(play.over ? 'over' : 'dropped')
        if (!play.over && this.#plays.get(play.session) === play) play.attendance.went(player)
      }
      play.present.set(player, drop)
      if (this.players > capacity) {
        const plays = [...this.#plays.values()].map(
          ({ session, slots, present, over, started }) =>
            `${session} (${slots} slots${started ? ', started' : ''}${over ? ', over' : ''}): ${[...present.keys()].join(' ')}`,
        )
        broken(`[7] ${this.name} holds ${this.players} players, for ${capacity}: ${plays.join('; ')}`)
      }
      play.attendance.came(player)
      if (staysMs !== null) time.after(staysMs, drop)
    })
  }
}

export class GameServers {
  readonly #all: GameServer[]
  readonly #time: SimTime
  readonly #random: Random

  constructor(count: number, needs: ServersNeeds) {
    this.#all = Array.from({ length: count }, (_, at) => new GameServer(at + 1, needs))
    this.#time = needs.time
    this.#random = needs.random
  }

  start(): void {
    for (const server of this.#all) server.start()
  }

  /** The first of them goes for good; its name. */
  endOne(): string {
    const [first] = this.#all
    first?.end()
    return first?.name ?? ''
  }

  killOne(): void {
    this.#all[Math.floor(this.#random.fraction() * this.#all.length)]?.die()
  }

  /** Resolves when the player is out again. */
  async connect(address: string, player: PlayerId, ticket: string, staysMs: number | null): Promise<Played> {
    await this.#time.sleep(5 + this.#random.fraction() * 30)
    const server = this.#all.find(({ port }) => address.endsWith(`:${port}`))
    return server === undefined ? 'refused' : server.connect(player, ticket, staysMs)
  }
}
