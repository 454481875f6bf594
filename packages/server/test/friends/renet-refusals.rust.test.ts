import { randomBytes } from 'node:crypto'
import { type ConnectTokenInput, connectToken, openConnectToken, readConnectToken } from '@muster/netcode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hosted, protocolId, type RenetGround, renetGround, startBot, tokenOf, tried } from './renet-ground.ts'

/** Where the public part of a token of renet's keeps its first address, and where its private part begins. */
const portAt = 8 + 13 + 3 * 8 + 24 + 1_024 + 4 + 4 + 1 + 4
const privateAt = 8 + 13 + 3 * 8 + 24

/** Some tries long: a client asks four times a second. */
const silenceMs = 1_200

/** A server says nothing to whom it refuses. Its own log says why, and is read here: that nobody came in alone could have
 *  other reasons. */
describe('a server on renet refuses', () => {
  let ground: RenetGround
  let hosted: Hosted
  beforeAll(async () => {
    ground = await renetGround()
    hosted = await ground.hosted()
  })
  afterAll(async () => {
    await hosted?.[Symbol.asyncDispose]()
    await ground?.[Symbol.asyncDispose]()
  })

  /** The token of somebody who is invited and is not in yet. */
  async function invited(): Promise<Uint8Array> {
    return tokenOf(await (await ground.guest()).joinGame(hosted.game.passcode))
  }

  /** The host's own token again, with something else in it. */
  function remade(change: Partial<ConnectTokenInput>): Uint8Array {
    const open = readConnectToken(hosted.token, 'renet')
    const sealed = openConnectToken(hosted.token, 'renet', hosted.key)
    return connectToken(
      { privateKey: hosted.key, ...open, ...sealed, ...{ nonce: randomBytes(24), ...change } },
      'renet',
    )
  }

  /** Nobody comes in by it, and the server's log tells the reason. */
  async function refuses(token: Uint8Array, reason: RegExp): Promise<void> {
    const before = (await hosted.output()).length
    expect(await tried(token, silenceMs)).toBe('refused')
    expect((await hosted.output()).slice(before)).toMatch(reason)
  }

  it('nobody with a good token, remade or as it was given', async () => {
    expect(await tried(remade({}))).toBe('connected')
    expect(await tried(await invited())).toBe('connected')
  })

  it('one that has expired', async () => {
    const now = BigInt(Math.floor(Date.now() / 1_000))
    // The client has only the span between the two, and tries.
    await refuses(remade({ createTimestamp: now - 120n, expireTimestamp: now - 60n }), /connection expired/)
  })

  it('one that was tampered with, wherever that was', async () => {
    const token = await invited()
    for (const at of [privateAt, privateAt + 500, privateAt + 1_023]) {
      const changed = Uint8Array.from(token)
      changed[at] = (changed[at] ?? 0) ^ 1
      await refuses(changed, /error while encoding or decoding/)
    }
    // Its end is sealed in: nobody makes a token last longer.
    const longer = Uint8Array.from(token)
    new DataView(longer.buffer).setBigUint64(8 + 13 + 16, 4_000_000_000n, true)
    await refuses(longer, /error while encoding or decoding/)
    expect(await tried(token)).toBe('connected')
  })

  it('one under another key', async () => {
    await refuses(remade({ privateKey: randomBytes(32) }), /error while encoding or decoding/)
  })

  it('one of another protocol id', async () => {
    await refuses(remade({ protocolId: protocolId + 1n }), /invalid protocol id/)
  })

  it('one of another session, even where it is led to this server', async () => {
    await using other = await ground.hosted()
    expect(Buffer.from(other.key).equals(hosted.key)).toBe(false)
    const led = Uint8Array.from(other.token)
    new DataView(led.buffer).setUint16(portAt, hosted.game.port, true)
    expect(readConnectToken(led, 'renet').publicAddresses).toEqual([hosted.game.address])
    await refuses(led, /error while encoding or decoding/)
    expect(await tried(other.token)).toBe('connected')
  })

  it('one whose sealed part names another address than the server is configured with', async () => {
    await refuses(remade({ internalAddresses: ['127.0.0.9:40000'] }), /does not contain the server address/)
  })

  it('one whose user data names another session', async () => {
    const userData = new Uint8Array(256)
    userData.set(Buffer.from('{"session":"session_x","player":"player_x","role":"host","team":0,"guest":false}'))
    const bot = startBot('connect', '--hold', '--token', Buffer.from(remade({ userData })).toString('base64'))
    // Its key is right, so it is let in, read, and shown out: a bot that would hold the line ends.
    await bot.ended
    expect(await hosted.output()).toContain('the connect token is for another session')
  })

  it('a second use from another socket, while the first is there and after it has gone', async () => {
    const friend = await ground.guest()
    const token = tokenOf(await friend.joinGame(hosted.game.passcode))
    const first = startBot('connect', '--hold', '--token', Buffer.from(token).toString('base64'))
    await first.hear('connected')
    // The whole 64 bits of the client's id, of which a number in JavaScript would have lost some.
    const { clientId } = openConnectToken(token, 'renet', hosted.key)
    await refuses(token, new RegExp(`client ${clientId} already connected`))
    await first.kill()

    const other = await ground.guest()
    const once = tokenOf(await other.joinGame(hosted.game.passcode))
    expect(await tried(once)).toBe('connected')
    await refuses(once, /unable to add connect token entry/)
    expect(await tried(tokenOf(await other.ownGame()))).toBe('connected')
  })
})
