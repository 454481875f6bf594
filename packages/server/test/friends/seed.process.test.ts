import type { MusterClient } from '@muster/client'
import { enter } from '@muster/example-coop'
import type { Game } from '@muster/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { httpCaller } from '../support/http-caller.ts'
import { type FriendsGround, friendsGround } from './friends-ground.ts'

const codeOf = (error: { code?: string }) => String(error.code)

/** The production half of the seed, sentence by sentence. */
describe('a private game on real processes', () => {
  let ground: FriendsGround
  let host: MusterClient
  let game: Game

  beforeAll(async () => {
    ground = await friendsGround()
    host = await ground.player('ann')
  })
  afterAll(() => ground?.[Symbol.asyncDispose]())

  it('“A would-be host will request a game”: a launched server, with a key and a report token of its own', async () => {
    game = await host.hostGame({ mode: 'raid', settings: { map: 'cave' } })
    expect(game).toMatchObject({ mode: 'raid', role: 'host', players_max: 3, transport: 'websocket' })
    expect(game.passcode).toMatch(/^[ACDEFGHJKMNPQRTWXY34679]{6}$/)
    const environment = await ground.environmentOf(game.session_id)
    expect(environment.MUSTER_TICKET_KEY).toMatch(/^[0-9a-f]{64}$/)
    expect(environment.MUSTER_REPORT_TOKEN).toMatch(/^muster_rt_/)
    expect(environment.MUSTER_MAX_PLAYERS).toBe('3')
    expect(JSON.parse(environment.MUSTER_MATCH ?? '')).toMatchObject({ kind: 'private', settings: { map: 'cave' } })

    const other = await ground.player('other-host')
    const second = await other.hostGame({ mode: 'raid' })
    const theirs = await ground.environmentOf(second.session_id)
    expect(theirs.MUSTER_TICKET_KEY).not.toBe(environment.MUSTER_TICKET_KEY)
    expect(theirs.MUSTER_REPORT_TOKEN).not.toBe(environment.MUSTER_REPORT_TOKEN)
    expect(second.passcode).not.toBe(game.passcode)
    await other.endGame(second.game_id)
  })

  it('“If a slot is available”: without one, it says when to try again; a queue is had for the asking', async () => {
    const [second, third] = [await ground.player(), await ground.player()]
    const held = await second.hostGame({ mode: 'scarce' })
    await expect(third.hostGame({ mode: 'scarce' })).rejects.toMatchObject({
      ...{ status: 503, code: 'NO_CAPACITY', retryAfterS: 5 },
    })
    const queued = third.hostGame({ mode: 'scarce', wait_s: 30 })
    await second.endGame(held.game_id)
    const late = await queued
    expect(late.role).toBe('host')
    await third.endGame(late.game_id)
  })

  it('takes a request that came to nothing for a new one, and one that was answered for itself', async () => {
    const holder = await ground.player()
    const held = await holder.hostGame({ mode: 'scarce', wait_s: 30 })
    const call = httpCaller(ground.muster().url)
    const guest = await call('POST /auth/guest', { body: {} })
    const token = String(guest.body.access_token)
    const again = () =>
      call('POST /games', { token, body: { mode: 'scarce' }, headers: { 'idempotency-key': 'the-same-request' } })
    expect(await again()).toMatchObject({ status: 503, code: 'NO_CAPACITY' })
    await holder.endGame(held.game_id)
    const made = await eventually('the slot is free again', async () => {
      const answer = await again()
      return answer.status !== 503 && answer
    })
    expect(made).toMatchObject({ status: 201, body: { role: 'host', mode: 'scarce' } })
    expect((await again()).body).toEqual(made.body)
    expect(await call(`DELETE /games/${made.body.game_id}`, { token })).toMatchObject({ status: 204 })
  })

  it('“Now the other players can send the passcode”, and the invitation tells what there is to join', async () => {
    const friend = await ground.guest()
    expect(await friend.invitation(game.passcode)).toEqual({
      ...{ passcode: game.passcode, mode: 'raid', host: 'ann', players: 1, players_max: 3, open: true, guests: true },
    })
    expect(game.invitation).toBe(`/join/${game.passcode}`)
    const typed = ` ${game.passcode.slice(0, 3).toLowerCase()}-${game.passcode.slice(3)} `
    const joined = await friend.joinGame(typed)
    expect(joined).toMatchObject({ session_id: game.session_id, role: 'player', address: game.address })
    expect(joined.ticket).not.toBe(game.ticket)

    const third = await ground.player('cid')
    await third.joinGame(game.passcode)
    const fourth = await ground.player('dan')
    await expect(fourth.joinGame(game.passcode)).rejects.toMatchObject({ status: 409, code: 'GAME_FULL' })
    expect(await fourth.invitation(game.passcode)).toMatchObject({ players: 3, open: false })

    await host.kick(game.game_id, third.userId ?? '')
    await expect(third.joinGame(game.passcode)).rejects.toMatchObject({ status: 403, code: 'KICKED' })
    await expect(third.ownGame()).rejects.toMatchObject({ code: 'GAME_NOT_FOUND' })

    const inside = await enter({ address: joined.address, ticket: joined.ticket })
    const ann = await enter({ address: game.address, ticket: game.ticket })
    expect(await ann.hear('lobby')).toMatchObject({ host: true })

    // “When the host has chosen a difficulty level …, the server will report to the matchmaker.”
    ann.say({ type: 'choose', difficulty: 2 })
    expect(await inside.hear('started')).toMatchObject({ difficulty: 2, health: 8 })
    expect(await host.session(game.session_id)).toMatchObject({ state: 'in_progress', kind: 'private' })
    // The door is closed for whoever is not in; a friend whose line drops comes back.
    await expect(fourth.joinGame(game.passcode)).rejects.toMatchObject({ status: 409, code: 'GAME_STARTED' })
    inside.leave()
    await inside.closed
    const back = await friend.joinGame(game.passcode)
    const again = await enter({ address: back.address, ticket: back.ticket })
    await again.hear('started')
    expect(await friend.ownGame()).toMatchObject({ game_id: game.game_id })

    const [strikes] = await Promise.all([ann.fight(5), again.fight(5)])
    expect(Object.values(strikes).reduce((sum, count) => sum + count, 0)).toBe(8)
    const results = await eventually('the result is there', async () => {
      const { results: found } = await host.results({ session: game.session_id })
      return found.length > 0 && found
    })
    expect(results[0]).toMatchObject({ session_id: game.session_id, mode: 'raid' })
    await ground.untilAllFree()
    await expect(fourth.joinGame(game.passcode)).rejects.toMatchObject({ status: 404, code: 'GAME_NOT_FOUND' })
  })

  describe('gives every slot back', () => {
    it('where the host never came, and where everybody left before it began', async () => {
      const [one, other] = [await ground.player(), await ground.player()]
      const never = await one.hostGame({ mode: 'hasty' })
      const left = await other.hostGame({ mode: 'hasty' })
      const there = await enter({ address: left.address, ticket: left.ticket })
      await there.hear('lobby')
      there.leave()
      await ground.untilAllFree()
      expect(await one.session(never.session_id)).toMatchObject({ state: 'cancelled', reason: 'nobody_came' })
      expect(await other.session(left.session_id)).toMatchObject({ state: 'cancelled', reason: 'empty' })
    })

    it('where the host leaves, or ends it', async () => {
      const [one, other] = [await ground.player(), await ground.player()]
      const left = await one.hostGame({ mode: 'raid' })
      const friend = await ground.player()
      await friend.joinGame(left.passcode)
      await one.leaveSession(left.session_id)
      const ended = await other.hostGame({ mode: 'raid' })
      await other.endGame(ended.game_id)
      for (const [client, { session_id: session }] of [
        [friend, left],
        [other, ended],
      ] as const) {
        expect(await client.session(session)).toMatchObject({ state: 'cancelled', reason: 'host_left' })
      }
      await ground.untilAllFree()
    })

    it('where the server crashes before play and during it', async () => {
      for (const begun of [false, true]) {
        const one = await ground.player()
        const played = await one.hostGame({ mode: 'raid' })
        const there = await enter({ address: played.address, ticket: played.ticket })
        await there.hear('lobby')
        if (begun) {
          there.say({ type: 'choose', difficulty: 5 })
          await there.hear('started')
        }
        for (const { pid } of await ground.servers()) process.kill(pid, 'SIGKILL')
        const session = await eventually('it has ended', async () => {
          const seen = await one.session(played.session_id)
          return seen.ended_at !== null && seen
        })
        expect(session).toMatchObject({ state: begun ? 'abandoned' : 'cancelled', reason: 'server_lost' })
        await ground.untilAllFree()
        const next = await one.hostGame({ mode: 'raid' })
        await one.endGame(next.game_id)
        await ground.untilAllFree()
      }
    })

    it('where Muster itself crashed in between; the game goes on meanwhile', async () => {
      const one = await ground.player()
      const played = await one.hostGame({ mode: 'raid' })
      const there = await enter({ address: played.address, ticket: played.ticket })
      await there.hear('lobby')
      await ground.restart('SIGKILL')
      there.say({ type: 'choose', difficulty: 1 })
      await there.hear('started')
      const friend = await ground.player()
      await expect(friend.joinGame(played.passcode)).rejects.toMatchObject({ code: 'GAME_STARTED' })
      await there.fight(5)
      await eventually('the result is there', async () => {
        const { results } = await one.results({ session: played.session_id })
        return results.length > 0
      })
      await ground.untilAllFree()
    })
  })

  it('lets guests host and join where the mode allows, and nobody where there are no private games', async () => {
    const guest = await ground.guest()
    await expect(guest.hostGame({ mode: 'members-only' })).rejects.toMatchObject({ code: 'GUESTS_NOT_ALLOWED' })
    for (const mode of ['duel', 'none']) {
      await expect(guest.hostGame({ mode })).rejects.toMatchObject({ status: 404, code: 'MODE_NOT_FOUND' })
    }
    await expect(guest.hostGame({ mode: 'raid', max_players: 4 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const hosted = await guest.hostGame({ mode: 'raid', max_players: 1 })
    await expect(guest.hostGame({ mode: 'raid' })).rejects.toMatchObject({ code: 'ALREADY_PLAYING' })
    const friend = await ground.guest()
    await expect(friend.joinGame(hosted.passcode)).rejects.toMatchObject({ code: 'GAME_FULL' })
    await guest.endGame(hosted.game_id)
  })

  it('lets the host close the door early, and drops at once whom the host removes', async () => {
    const [one, friend, late] = [await ground.player(), await ground.player(), await ground.player()]
    const played = await one.hostGame({ mode: 'raid' })
    const joined = await friend.joinGame(played.passcode)
    await enter({ address: played.address, ticket: played.ticket })
    const there = await enter({ address: joined.address, ticket: joined.ticket })
    await one.setDoor(played.game_id, 'closed')
    await expect(late.joinGame(played.passcode)).rejects.toMatchObject({ status: 409, code: 'GAME_CLOSED' })
    await one.setDoor(played.game_id, 'open')
    await late.joinGame(played.passcode)
    const stranger = await ground.player()
    for (const [client, code] of [[late, 'FORBIDDEN'] as const, [stranger, 'GAME_NOT_FOUND'] as const]) {
      expect(await client.setDoor(played.game_id, 'closed').catch(codeOf)).toBe(code)
      expect(await client.kick(played.game_id, friend.userId ?? '').catch(codeOf)).toBe(code)
      expect(await client.endGame(played.game_id).catch(codeOf)).toBe(code)
    }
    await expect(one.kick(played.game_id, 'player_none')).rejects.toMatchObject({ code: 'PLAYER_NOT_FOUND' })
    await one.kick(played.game_id, friend.userId ?? '')
    expect(await there.closed).toMatchObject({ code: 1008, reason: 'kicked' })
    await one.endGame(played.game_id)
  })

  it('keeps out whom the host removes while they come back', async () => {
    const [one, friend] = [await ground.player(), await ground.player()]
    const played = await one.hostGame({ mode: 'raid' })
    await friend.joinGame(played.passcode)
    const joins = Array.from({ length: 8 }, () => friend.joinGame(played.passcode).then(() => 'in', codeOf))
    await one.kick(played.game_id, friend.userId ?? '')
    expect(['in', 'KICKED']).toEqual(expect.arrayContaining(await Promise.all(joins)))
    expect(await friend.ownGame().catch(codeOf)).toBe('GAME_NOT_FOUND')
    expect(await friend.joinGame(played.passcode).catch(codeOf)).toBe('KICKED')
    expect(await one.invitation(played.passcode)).toMatchObject({ players: 1 })
    await one.endGame(played.game_id)
    expect(await one.invitation(played.passcode).catch(codeOf)).toBe('GAME_NOT_FOUND')
  })

  it('lets a host who waits for a server do without', async () => {
    const [holder, waiter] = [await ground.player(), await ground.player()]
    const held = await holder.hostGame({ mode: 'scarce', wait_s: 30 })
    const waiting = waiter.hostGame({ mode: 'scarce', wait_s: 60 }).then(() => 'in', codeOf)
    await eventually('the wait has begun', () => waiter.leaveGame().then(() => true))
    expect(await waiting).toBe('GAME_NOT_FOUND')
    expect(await waiter.leaveGame().catch(codeOf)).toBe('GAME_NOT_FOUND')
    await holder.leaveGame()
    expect(await holder.session(held.session_id)).toMatchObject({ state: 'cancelled', reason: 'host_left' })
  })

  it('throttles guessing: whoever tried too often learns nothing from a right guess', async () => {
    const [one, guesser] = [await ground.player(), await ground.player()]
    const hidden = await one.hostGame({ mode: 'raid' })
    const wrong = () => guesser.joinGame('AAAAAA').catch((error) => error.code as string)
    expect([await wrong(), await wrong(), await wrong(), await wrong()]).toEqual([
      ...['GAME_NOT_FOUND', 'GAME_NOT_FOUND', 'GAME_NOT_FOUND', 'RATE_LIMITED'],
    ])
    await expect(guesser.joinGame(hidden.passcode)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    await one.endGame(hidden.game_id)
  })
})
