import { EventEmitter } from 'node:events'
import type { PlayerId } from '@muster/protocol'
import { describe, expect, it } from 'vitest'
import { MusterError } from '../api.ts'
import type { GameSession } from '../session.ts'
import { type MatchRoomOptions, openMatchRoom, type SocketMessage } from './match-room.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'

/** A socket with nobody at its other end. */
class Line extends EventEmitter {
  readonly heard: SocketMessage[] = []
  closed: { code: number | undefined; reason: string | undefined } | null = null
  send(text: string) {
    this.heard.push(JSON.parse(text))
  }
  close(code?: number, reason?: string) {
    if (this.closed !== null) return
    this.closed = { code, reason }
    this.emit('close')
  }
  say(message: unknown) {
    this.emit('message', typeof message === 'string' ? message : JSON.stringify(message))
  }
  types() {
    return this.heard.map(({ type }) => type)
  }
}

/** A room of a session that lets in `ann` and `bob` by their names; what is reported is kept. */
function room(more: Partial<MatchRoomOptions> = {}, answers: { started?: () => Promise<void> } = {}) {
  const reports: string[] = []
  const session = {
    match: { factions: [[ann], [bob]], loading_timeout_s: 60 },
    admit: (ticket: string) =>
      ['ann', 'bob'].includes(ticket)
        ? { ok: true, admitted: { player: `player_${ticket}` } }
        : { ok: false, reason: 'forged' },
    left: (player: PlayerId) => reports.push(`left ${player}`),
    async started() {
      reports.push('started')
      await answers.started?.()
    },
    async abandoned(reason: string) {
      reports.push(`abandoned ${reason}`)
    },
  } as unknown as GameSession
  let settle: (what: string) => void = () => undefined
  const settled = new Promise<string>((resolve) => {
    settle = resolve
  })
  const opened = openMatchRoom({
    session,
    onStarting: (players) => settle(`starting ${players.join(' ')}`),
    onCancelled: (reason) => settle(`cancelled ${reason}`),
    ...more,
  })
  const connect = (...messages: unknown[]) => {
    const line = new Line()
    opened.take(line)
    for (const message of messages) line.say(message)
    return line
  }
  const loaded = (name: string) => connect({ type: 'Authenticate', ticket: name }, { type: 'LoadMatchComplete' })
  return { room: opened, reports, settled, connect, loaded }
}

describe('a room for the players of a match', () => {
  it('starts when all have loaded, and reports that before it says so', async () => {
    const it = room()
    const lines = [it.loaded('ann'), it.connect({ type: 'Authenticate', ticket: 'bob' })]
    expect(it.room.state).toBe('loading')
    expect(it.reports).toEqual([])
    lines[1]?.say({ type: 'LoadMatchComplete' })
    expect(await it.settled).toBe(`starting ${ann} ${bob}`)
    expect(it.reports).toEqual(['started'])
    expect(lines.map((line) => line.types())).toEqual([['MatchStarting'], ['MatchStarting']])
    expect(it.room.state).toBe('playing')
    it.room.close()
  })

  it('starts with those who are there when the timer runs out', async () => {
    const it = room({ loadingTimeoutS: 0.02 })
    const line = it.connect({ type: 'Authenticate', ticket: 'ann' })
    expect(await it.settled).toBe(`starting ${ann}`)
    expect(line.types()).toEqual(['MatchStarting'])
    it.room.close()
  })

  it('gives the match up where too few came', async () => {
    const nobody = room({ loadingTimeoutS: 0.01 })
    expect(await nobody.settled).toBe('cancelled Nobody came in time.')
    expect(nobody.reports).toEqual(['abandoned Nobody came in time.'])
    const one = room({ loadingTimeoutS: 0.02, playersMin: 2 })
    const line = one.loaded('ann')
    expect(await one.settled).toBe('cancelled Too few came in time.')
    expect(line.closed?.code).toBe(1000)
    expect(one.connect({ type: 'Authenticate', ticket: 'bob' }).heard).toMatchObject([{ code: 'SESSION_ENDED' }])
  })

  it('does not start what Muster has given up', async () => {
    const refused = new MusterError(409, 'SESSION_ENDED', 'It was cancelled.')
    const it = room({}, { started: () => Promise.reject(refused) })
    const lines = [it.loaded('ann'), it.loaded('bob')]
    expect(await it.settled).toMatch(/^cancelled SESSION_ENDED/)
    expect(lines.map((line) => line.types())).toEqual([[], []])
    expect(it.room.state).toBe('over')
  })

  it.each([
    ['another ticket', { type: 'Authenticate', ticket: 'eve' }, 'UNAUTHENTICATED'],
    ['no ticket', { type: 'Authenticate' }, 'UNAUTHENTICATED'],
    ['another message first', { type: 'LoadMatchComplete' }, 'UNAUTHENTICATED'],
    ['no JSON', 'nonsense', 'INVALID_REQUEST'],
    ['no type', { ticket: 'ann' }, 'INVALID_REQUEST'],
    ['nothing', 'null', 'INVALID_REQUEST'],
    ['too much', 'x'.repeat(65_537), 'INVALID_REQUEST'],
  ])('refuses %s, and hears no more on that line', (_, message, code) => {
    const it = room()
    const line = it.connect(message)
    expect(line.heard).toMatchObject([{ type: 'Error', code }])
    expect(line.closed?.code).toBe(1008)
    line.say({ type: 'Authenticate', ticket: 'ann' })
    line.say({ type: 'LoadMatchComplete' })
    it.loaded('bob')
    expect(it.room.state).toBe('loading')
    expect(line.heard).toHaveLength(1)
    it.room.close()
  })

  it('lets a player come back: the new line takes the place of the old one', async () => {
    const it = room()
    const [first] = [it.loaded('ann'), it.loaded('bob')]
    await it.settled
    const second = it.connect({ type: 'Authenticate', ticket: 'ann' })
    expect(first.closed?.code).toBe(4409)
    expect(second.types()).toEqual(['MatchStarting'])
    expect(it.reports).toEqual(['started'])
    second.close()
    expect(it.reports).toEqual(['started', `left ${ann}`])
    it.room.close()
  })

  it('waits for who left while loading', async () => {
    const it = room()
    it.loaded('ann').close()
    const bobs = it.loaded('bob')
    expect(it.reports).toEqual([`left ${ann}`])
    it.connect({ type: 'Authenticate', ticket: 'ann' }, { type: 'LoadMatchComplete' })
    expect(await it.settled).toBe(`starting ${bob} ${ann}`)
    expect(bobs.types()).toEqual(['MatchStarting'])
    it.room.close()
  })

  it('hands on what a player says beyond the dialect, and what is said to players', async () => {
    const heard: unknown[] = []
    const it = room({ onMessage: (player, message) => heard.push([player, message]) })
    const [anns, bobs] = [it.loaded('ann'), it.loaded('bob')]
    await it.settled
    anns.say({ type: 'Move', x: 1 })
    it.room.send(bob, { type: 'Turn' })
    it.room.tell({ type: 'Over' })
    expect(heard).toEqual([[ann, { type: 'Move', x: 1 }]])
    expect([anns.types(), bobs.types()]).toEqual([
      ['MatchStarting', 'Over'],
      ['MatchStarting', 'Turn', 'Over'],
    ])
    it.room.close('won')
    expect([anns.closed, bobs.closed]).toEqual([
      { code: 1000, reason: 'won' },
      { code: 1000, reason: 'won' },
    ])
  })
})
