import type { SessionId } from '@muster/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ann,
  bob,
  type SessionsGround,
  type SessionsGroundOptions,
  sessionsGround,
} from '../../../test/support/sessions-ground.ts'

describe('finding servers for several sessions', () => {
  let ground: SessionsGround
  const begin = async (options: SessionsGroundOptions = {}) => {
    ground = await sessionsGround(options)
    return ground
  }
  afterEach(() => ground[Symbol.asyncDispose]())

  it('finds servers for many in one transaction, first come first', async () => {
    const { fleet, sessions } = await begin()
    const server = fleet.add({ capacity: 5 })
    const ids: SessionId[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) ids.push(await ground.open([`player_${name}`]))
    let transactions = 0
    const { reserve, reserveTogether } = fleet.fleet
    fleet.fleet.reserveTogether = (tx, claim) => {
      transactions++
      return reserveTogether(tx, claim)
    }
    let alone = 0
    fleet.fleet.reserve = (tx, claim) => {
      alone++
      return reserve(tx, claim)
    }
    await sessions.sweep()
    const states = async () => Promise.all(ids.map(async (id) => (await ground.view(id)).state))
    expect(await states()).toEqual([...Array(5).fill('preparing'), 'requested', 'requested'])
    expect([transactions, alone]).toEqual([1, 1])
    expect(server.reserved).toBe(5)
  })

  it('gives nobody who asks for less a server before those who came first', async () => {
    const { fleet, sessions } = await begin()
    fleet.add({ capacity: 5 })
    const ids = [await ground.open(['player_a', 'player_b']), await ground.open(['player_c', 'player_d'])]
    ids.push(await ground.open(['player_e', 'player_f']), await ground.open(['player_g']))
    await sessions.sweep()
    const states = await Promise.all(ids.map(async (id) => (await ground.view(id)).state))
    expect(states).toEqual(['preparing', 'preparing', 'requested', 'requested'])
  })

  it('finds servers one by one where it cannot be done together', async () => {
    const { fleet, sessions } = await begin()
    fleet.add({ capacity: 5 })
    fleet.fleet.reserveTogether = async () => {
      throw new Error('planted')
    }
    const ids = [await ground.open([ann]), await ground.open([bob])]
    await sessions.sweep()
    for (const id of ids) expect(await ground.shown(id)).toBe('preparing expected')
  })

  it('launches a server for friends, also where matches of their mode are given registered ones beside them', async () => {
    const { fleet, sessions } = await begin({
      ...{ sources: { registered: true, launched: true }, processesMax: 1 },
      mode: { private: { playersMax: 4, guests: true, lobbyS: 60, emptyS: 60 } },
    })
    const server = fleet.add({ capacity: 9 })
    const match = await ground.open(['player_a', 'player_b'])
    const friends = await ground.open(['player_c'], { kind: 'private', match: null, board: null, playersMax: 4 })
    const another = await ground.open(['player_d', 'player_e'])
    await sessions.sweep()
    for (const id of [match, another]) expect(fleet.allocations.get(id)?.server).toBe(server)
    expect(fleet.allocations.get(friends)?.server).toMatchObject({ launched: true, capacity: 8 })
  })
})
