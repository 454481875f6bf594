import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Bot, type RenetGround, renetGround, startBot, tokenOf, tried } from './renet-ground.ts'

describe('a private game on renet', () => {
  let ground: RenetGround
  beforeAll(async () => {
    ground = await renetGround()
  })
  afterAll(() => ground?.[Symbol.asyncDispose]())

  const startHost = (mode: string, friends: number, ...more: string[]) => {
    const url = ground.muster().url
    return startBot('host', '--url', url, '--mode', mode, '--friends', String(friends), ...more)
  }
  const startFriend = (passcode: unknown) => startBot('join', '--url', ground.muster().url, '--passcode', `${passcode}`)

  async function played(host: Bot, friends: number): Promise<Bot[]> {
    const { passcode } = await host.hear('hosting')
    const bots = [host, ...Array.from({ length: friends }, () => startFriend(passcode))]
    for (const bot of bots) expect(await bot.ended, bot.text()).toBe(0)
    return bots
  }

  it('goes from the environment to the results, several games of several bots at once', async () => {
    const games = await Promise.all([
      played(startHost('raid', 2, '--difficulty', '3'), 2),
      played(startHost('raid', 3, '--difficulty', '5'), 3),
      played(startHost('raid', 0, '--difficulty', '1'), 0),
    ])
    for (const [at, bots] of games.entries()) {
      const [difficulty = 0, players] = [[3, 3, 36] as const, [5, 4, 60] as const, [1, 1, 12] as const][at] ?? []
      const seen = await Promise.all(bots.map((bot) => bot.hear('result')))
      const { session } = await (bots[0] as Bot).hear('connected')
      for (const bot of bots) expect(await bot.hear('started')).toMatchObject({ difficulty, health: difficulty * 12 })
      const { strikes } = (await (bots[0] as Bot).hear('won')) as unknown as { strikes: Record<string, number> }
      expect(Object.keys(strikes)).toHaveLength(players ?? 0)
      expect(Object.values(strikes).reduce((sum, count) => sum + count, 0)).toBe(difficulty * 12)
      for (const { result } of seen) {
        expect(result).toMatchObject({ session_id: session, mode: 'raid' })
        expect(JSON.stringify(result)).toContain(Object.keys(strikes)[0])
      }
    }
    await ground.untilAllFree()
  })

  it('loses no result where Muster itself is killed while friends play', async () => {
    await using host = startHost('raid', 1, '--difficulty', '5')
    await using friend = startFriend((await host.hear('hosting')).passcode)
    await Promise.all([host.hear('started'), friend.hear('started')])
    await ground.restart('SIGKILL')
    for (const bot of [host, friend]) expect(await bot.ended, bot.text()).toBe(0)
    expect((await host.hear('result')).result).toEqual((await friend.hear('result')).result)
  })

  it('tells Muster who came, went, what was chosen, and that there is no result', async () => {
    await using hosted = await ground.hosted()
    const { host, game, token } = hosted
    const friend = await ground.guest()
    const joined = await friend.joinGame(game.passcode)
    await using first = startBot('connect', '--token', Buffer.from(token).toString('base64'), '--hold')
    await using second = startBot('connect', '--token', Buffer.from(tokenOf(joined)).toString('base64'), '--hold')
    await Promise.all([first.hear('connected'), second.hear('connected')])
    const stateOf = async (player: string | null) => {
      const { players } = await host.session(game.session_id)
      return players.find((one) => one.player_id === player)?.state
    }
    await eventually('the friend is there', async () => (await stateOf(friend.userId)) === 'joined')
    // A line that ends by silence is noticed when the token's time is over.
    await second.kill()
    await eventually('the friend has left', async () => (await stateOf(friend.userId)) === 'left')
    expect(await stateOf(host.userId)).toBe('joined')

    const giving = startHost('raid', 0, '--give-up')
    expect(await giving.ended, giving.text()).toBe(0)
    expect(await giving.hear('ended')).toMatchObject({
      reason: 'The host gave up.',
      session: { state: 'cancelled', reason: 'the host gave up' },
    })
  })

  it('drops whom the host removes, and everybody when the host ends the game', async () => {
    await using hosted = await ground.hosted()
    const { host, game, token } = hosted
    const [friend, other] = [await ground.guest(), await ground.guest()]
    await using hostsBot = startBot('connect', '--token', Buffer.from(token).toString('base64'), '--hold')
    const holds = async (client: typeof friend) => {
      const bot = startBot('connect', '--hold', '--token', tokenTextOf(await client.joinGame(game.passcode)))
      await bot.hear('connected')
      return bot
    }
    await hostsBot.hear('connected')
    await using removed = await holds(friend)
    await using stays = await holds(other)
    await host.kick(game.game_id, friend.userId ?? '')
    expect(await removed.ended).toBe(1)
    expect(removed.text()).toContain('there is no line')
    await expect(friend.joinGame(game.passcode)).rejects.toMatchObject({ code: 'KICKED' })

    await host.endGame(game.game_id)
    expect(await stays.ended).toBe(1)
    expect(stays.text()).toContain('there is no line')
    await ground.untilAllFree()
  })

  it('takes a player who lost the line back in, by another token, once the old line is found dead', async () => {
    await using hosted = await ground.hosted()
    const { host, token } = hosted
    const lost = startBot('connect', '--token', Buffer.from(token).toString('base64'), '--hold')
    await lost.hear('connected')
    await lost.kill()
    const fresh = async () => tokenTextOf(await host.ownGame())
    // The server takes nobody twice, and it does not know yet that the line is dead.
    expect(await tried(await fresh(), 500)).toBe('refused')
    // A client gives up after the span after which the server gives up the old line: it may take a second try.
    await eventually('the player is back', async () => (await tried(await fresh())) === 'connected')
  })

  it('is not ended for all by the packet that renetcode panics over', async () => {
    await using hosted = await ground.hosted()
    const { game, token } = hosted
    const bad = startBot('connect', '--broken-packet', '--token', Buffer.from(token).toString('base64'))
    expect(await bad.hear('still there')).toBeTruthy()
    expect(await bad.ended).toBe(0)
    // The packet did come, and was what it is taken for.
    expect(await hosted.output()).toMatch(/panicked at .*renetcode/)
    const friend = await ground.guest()
    expect(await tried(tokenTextOf(await friend.joinGame(game.passcode)))).toBe('connected')
  })

  it('lets in by the address that the server believes in, where players are sent to another', async () => {
    await using hosted = await ground.hosted('behind-nat')
    const { game, token, environment } = hosted
    expect(environment.MUSTER_NETCODE_ADDRESS).toBe(`127.0.0.9:${game.port}`)
    expect(game.host).toBe('127.0.0.1')
    expect(await tried(token)).toBe('connected')
  })

  it.skipIf(!existsSync('/proc/net/if_inet6'))('lets in over IPv6', async () => {
    await using hosted = await ground.hosted('over-ipv6')
    expect(hosted.environment.MUSTER_NETCODE_ADDRESS).toBe(`[::1]:${hosted.game.port}`)
    expect(await tried(hosted.token)).toBe('connected')
  })
})

const tokenTextOf = (game: Parameters<typeof tokenOf>[0]) => Buffer.from(tokenOf(game)).toString('base64')
