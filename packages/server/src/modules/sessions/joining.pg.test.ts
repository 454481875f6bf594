import type { PlayerId, SessionId } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ann, bob, type SessionsGround, sessionsGround } from '../../../test/support/sessions-ground.ts'

const cid: PlayerId = 'player_cid'

describe('joining friends', () => {
  let ground: SessionsGround
  let id: SessionId
  beforeEach(async () => {
    ground = await sessionsGround({
      ...{ sources: { registered: false, launched: true }, processesMax: 2 },
      mode: { private: { playersMax: 2, guests: true, lobbyS: 100, emptyS: 20 }, loadingTimeoutS: 30 },
    })
    const host = { player: ann, nick: 'ann', guest: false, team: 0, role: 'host', origin: null } as const
    id = await ground.open([], { match: null, kind: 'private', board: null, playersMax: 2, players: [host] })
    await ground.sessions.sweep()
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  const join = (player: PlayerId) =>
    ground.db.transact((tx) => ground.sessions.join(tx, id, { player, nick: player.slice(7), guest: false }))
  const reserved = () => [...ground.fleet.servers.values()][0]?.reserved
  const seats = async () => (await ground.view(id)).seats.map(({ player, role, state }) => `${player} ${role} ${state}`)

  it('takes a seat, a slot and the player’s place, once', async () => {
    expect(reserved()).toBe(1)
    expect([await join(bob), await join(bob)]).toEqual(['seated', 'back'])
    expect(await seats()).toEqual(['player_ann host expected', 'player_bob player expected'])
    expect([ground.places.of(bob), reserved()]).toEqual([`session ${id}`, 2])
    expect(await join(cid)).toBe('full')
    expect(ground.places.of(cid)).toBe('nowhere')
  })

  // Found by seed 45 of the simulation among friends: the player was kept at a game that had no seat for them.
  it('leaves who finds no slot where they were', async () => {
    ground.fleet.fleet.addSlots = async () => false
    expect(await join(bob)).toBe('full')
    expect(ground.places.of(bob)).toBe('nowhere')
    expect(await seats()).toEqual(['player_ann host expected'])
  })

  it('takes nobody who is elsewhere', async () => {
    ground.places.put(bob, { kind: 'entry', id: 'entry_1' })
    expect(await join(bob)).toBe('elsewhere')
    expect([ground.places.of(bob), reserved()]).toEqual(['entry entry_1', 1])
  })

  it('takes back who left before it began, and nobody new once it has', async () => {
    await join(bob)
    await ground.sessions.leave(id, bob)
    expect(await join(bob)).toBe('seated')
    await ground.report(id, 'ready')
    await ground.report(id, 'players', { joined: [ann] })
    expect(await ground.report(id, 'started', { settings: { difficulty: 2 } })).toBe('200 in_progress')
    expect([await join(bob), await join(cid)]).toEqual(['back', 'started'])
    expect((await ground.view(id)).chosen).toEqual({ difficulty: 2 })
  })

  it('lets nobody in while its door is closed, and none after its end', async () => {
    const setDoor = (door: 'open' | 'closed') => ground.db.transact((tx) => ground.sessions.setDoor(tx, id, door))
    expect(await setDoor('closed')).toBe('done')
    expect(await join(bob)).toBe('closed')
    expect(await setDoor('open')).toBe('done')
    expect(await join(bob)).toBe('seated')
    await ground.db.transact((tx) => ground.sessions.callOff(tx, id))
    expect([await join(cid), await setDoor('open')]).toEqual(['ended', 'ended'])
    expect(await ground.shown(id)).toBe('cancelled host_left expected expected')
    expect((await ground.view(id)).detail).toBe('The host left or ended it.')
    expect([ground.places.of(ann), ground.places.of(bob)]).toEqual(['nowhere', 'nowhere'])
    expect(
      await ground.db.transact((tx) =>
        ground.sessions.join(tx, 'session_none', { player: cid, nick: '', guest: false }),
      ),
    ).toBe('not_there')
  })

  it('names whom to drop, until the server says that they have gone', async () => {
    await join(bob)
    await ground.report(id, 'ready')
    await ground.report(id, 'players', { joined: [ann, bob] })
    await ground.db.transact((tx) => ground.sessions.remove(tx, id, bob, 'kicked'))
    const asked = async (body: object) =>
      (await ground.call('POST', `/sessions/${id}/players`, `muster_rt_${id}`, body)).body
    expect(await asked({ joined: [], left: [] })).toEqual({ state: 'loading', kick: [bob] })
    expect(await asked({ joined: [], left: [bob] })).toEqual({ state: 'loading' })
  })

  it('waits for the host, then for the lobby’s time, then for an empty game a while', async () => {
    await ground.report(id, 'ready')
    const cancelledAfter = async (ms: number) => {
      await ground.clock.advance(ms - 1)
      await ground.sessions.sweep()
      expect((await ground.view(id)).endedAt).toBeNull()
      await ground.clock.advance(1)
      await ground.sessions.sweep()
      return (await ground.view(id)).reason
    }
    await ground.clock.advance(10_000)
    await ground.report(id, 'players', { joined: [ann] })
    await ground.clock.advance(60_000)
    await ground.report(id, 'players', { left: [ann] })
    expect(await cancelledAfter(20_000)).toBe('empty')
  })
})
