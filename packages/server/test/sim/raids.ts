import { createTicketGate, type TicketGate } from '@muster/gameserver'
import { type PlayerId, type SessionId, sessionContracts } from '@muster/protocol'
import { createPlayerReports, type PlayerReports } from '../../../gameserver/src/player-reports.ts'
import type { Random } from '../../src/platform/random.ts'
import type { ProcessControl, Program } from '../support/simulated-machine.ts'
import type { Played, ServerFaults } from './game-servers.ts'
import type { Answer, Network, Place } from './network.ts'
import type { SimTime } from './time.ts'

export interface RaidsNeeds {
  time: SimTime
  random: Random
  network(): Network
  /** Shortest and longest play. */
  gameMs: readonly [number, number]
  faults(): ServerFaults
  broken(what: string): void
}

const kickLookMs = 2_000
const triesMax = 60

/** What one launched process knows of its private game, and who is on it. */
class Raid implements Place {
  readonly name: string
  readonly port: number
  readonly #needs: RaidsNeeds
  readonly #session: SessionId
  readonly #playersMax: number
  readonly #gate: TicketGate
  readonly #present = new Map<PlayerId, () => void>()
  readonly #attendance: PlayerReports
  /** Whoever was ever let in. */
  readonly #known = new Set<PlayerId>()
  #process: ProcessControl
  #ended = false
  #started = false
  #starting = false

  constructor(environment: Readonly<Record<string, string>>, process: ProcessControl, needs: RaidsNeeds) {
    const { MUSTER_SESSION_ID = '', MUSTER_TICKET_KEY = '', MUSTER_SERVER_ID = '' } = environment
    this.name = `raid ${MUSTER_SESSION_ID}`
    this.port = Number(environment.MUSTER_PORT)
    this.#needs = needs
    this.#process = process
    this.#session = MUSTER_SESSION_ID as SessionId
    this.#playersMax = Number(environment.MUSTER_MAX_PLAYERS)
    const now = () => Math.floor(needs.time.now)
    this.#gate = createTicketGate({ key: MUSTER_TICKET_KEY, server: MUSTER_SERVER_ID, session: this.#session, now })
    const tell = async (news: object) => void (await this.#report(sessionContracts.reportPlayers, news))
    this.#attendance = createPlayerReports(tell, undefined, now)
    process.onEnd(() => this.#over())
    const { neverReady, die } = needs.faults()
    if (needs.random.fraction() < die) process.after(needs.random.fraction() * 60_000, () => process.exit(1))
    if (needs.random.fraction() >= neverReady)
      process.after(needs.random.fraction() * 1_500, () => void this.#beReady())
  }

  get session(): SessionId {
    return this.#session
  }

  #ask(contract: object, body: unknown): Promise<Answer> {
    const caller = { kind: 'report', session: this.#session } as const
    return this.#needs.network().ask(this, contract as never, { caller, params: { id: this.#session }, body })
  }

  async #report(contract: object, body: unknown): Promise<Answer | null> {
    const { time, random } = this.#needs
    for (let tries = 0; tries < triesMax && !this.#ended; tries++) {
      const answer = await this.#ask(contract, body)
      if (answer.known && answer.status < 500 && answer.status !== 429) return answer
      await time.sleep(300 + random.fraction() * 3_000)
    }
    return null
  }

  async #beReady(): Promise<void> {
    const ready = await this.#report(sessionContracts.reportReady, {})
    if (this.#ended) return
    if (ready === null || !ready.known || ready.status !== 200) return this.#process.exit(1)
    this.#lookForKicks()
  }

  #lookForKicks(): void {
    this.#process.after(kickLookMs, async () => {
      if (this.#present.size > 0) {
        const answer = await this.#ask(sessionContracts.reportPlayers, { joined: [], left: [] })
        const kick = answer.known && answer.status === 200 ? (answer.body.kick as PlayerId[] | undefined) : undefined
        for (const player of kick ?? []) this.#present.get(player)?.()
      }
      if (!this.#ended) this.#lookForKicks()
    })
  }

  /** Its host says that it may begin. */
  async begin(): Promise<void> {
    if (this.#ended || this.#started || this.#starting) return
    this.#starting = true
    await this.#attendance.told()
    const started = await this.#report(sessionContracts.reportStarted, { settings: { difficulty: 2 } })
    this.#starting = false
    if (this.#ended) return
    if (started === null || !started.known || started.status !== 200) return this.#process.exit(1)
    this.#started = true
    const [least, most] = this.#needs.gameMs
    this.#process.after(least + this.#needs.random.fraction() * (most - least), () => void this.#win())
  }

  async #win(): Promise<void> {
    await this.#attendance.told()
    const players = [...this.#known]
    await this.#report(sessionContracts.reportResult, { teams: [{ players, rank: 1 }] })
    this.#process.exit(0)
  }

  #over(): void {
    this.#ended = true
    for (const drop of [...this.#present.values()]) drop()
  }

  /** Null where the ticket is for another. */
  enter(player: PlayerId, ticket: string): Promise<Played> | null {
    const admission = this.#gate.admit(ticket)
    if (!admission.ok) return null
    if (admission.admitted.player !== player) this.#needs.broken(`[6] a ticket of another lets ${player} in`)
    if (this.#present.size >= this.#playersMax && !this.#present.has(player)) return Promise.resolve('refused')
    this.#present.get(player)?.()
    this.#known.add(player)
    return new Promise((resolve) => {
      const drop = () => {
        if (this.#present.get(player) !== drop) return
        this.#present.delete(player)
        resolve(this.#ended ? 'over' : 'dropped')
        if (!this.#ended) this.#attendance.went(player)
      }
      this.#present.set(player, drop)
      this.#attendance.came(player)
    })
  }

  drop(player: PlayerId): void {
    this.#present.get(player)?.()
  }
}

/** Every launched process of a private game, on whatever machine. */
export class Raids {
  readonly #needs: RaidsNeeds
  readonly #all = new Set<Raid>()

  constructor(needs: RaidsNeeds) {
    this.#needs = needs
  }

  /** What `raid` starts. */
  readonly program: Program = (environment, process) => {
    const raid = new Raid(environment, process, this.#needs)
    this.#all.add(raid)
    process.onEnd(() => void this.#all.delete(raid))
  }

  /** Resolves when the player is out again. */
  async connect(address: string, player: PlayerId, ticket: string): Promise<Played> {
    const { time, random } = this.#needs
    await time.sleep(5 + random.fraction() * 30)
    for (const raid of this.#all) {
      if (!address.endsWith(`:${raid.port}`)) continue
      const played = raid.enter(player, ticket)
      if (played !== null) return played
    }
    return 'refused'
  }

  begin(session: SessionId): void {
    for (const raid of this.#all) if (raid.session === session) void raid.begin()
  }

  drop(session: SessionId, player: PlayerId): void {
    for (const raid of this.#all) if (raid.session === session) raid.drop(player)
  }
}
