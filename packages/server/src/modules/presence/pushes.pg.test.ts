import type { PlayerId, ServerFrame } from '@muster/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type GatewayNode, gatewayGround, pushesOf } from '../../../test/support/gateway-ground.ts'

const ann: PlayerId = 'player_ann'
const bob: PlayerId = 'player_bob'
const failed = new Error('planted')

describe('pushes', () => {
  let ground: Awaited<ReturnType<typeof gatewayGround>>
  let node: GatewayNode
  beforeEach(async () => {
    ground = await gatewayGround()
    node = await ground.node()
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  const signIn = (on: GatewayNode, player: PlayerId, resumeAfter?: number) =>
    on.signIn(ground.token(player), resumeAfter)

  it('reach every open socket of the player, numbered, and nobody else', async () => {
    const clients = [await signIn(node, ann), await signIn(node, ann)]
    const other = await signIn(node, bob)
    await node.push(ann, 'one', 'two')
    await node.push(bob, 'for bob')
    for (const client of clients) expect(await pushesOf(client, 2)).toEqual(['1 one', '2 two'])
    expect(await pushesOf(other, 1)).toEqual(['1 for bob'])
  })

  it('go out only when their transaction has committed', async () => {
    const client = await signIn(node, ann)
    await expect(
      ground.db.transact(async (tx) => {
        await node.presence.push(tx, [{ player: ann, event: 'kicked', data: { reason: 'never' } }])
        throw failed
      }),
    ).rejects.toBe(failed)
    await ground.db.transact(async (tx) => {
      await node.presence.push(tx, [{ player: ann, event: 'kicked', data: { reason: 'first' } }])
      expect((await client.ask('ping')).event).toBe('pong')
      expect(client.frames.map(({ event }) => event)).toEqual(['welcome', 'pong'])
    })
    expect(await pushesOf(client, 1)).toEqual(['1 first'])
  })

  it('begin for a new socket with what comes after its welcome', async () => {
    await node.push(ann, 'before')
    const client = await signIn(node, ann)
    expect(client.welcome).toMatchObject({ seq: 1, missed: false })
    await node.push(ann, 'after')
    expect(await pushesOf(client, 1)).toEqual(['2 after'])
  })

  it('are replayed in order to who comes back, and go on live, without a gap or a double', async () => {
    const before = await signIn(node, ann)
    await node.push(ann, 'one', 'two')
    expect(await pushesOf(before, 2)).toEqual(['1 one', '2 two'])
    before.socket.terminate()
    await node.push(ann, 'three', 'four')
    const writing = node.push(ann, 'five')
    const back = await signIn(node, ann, 2)
    await writing
    await node.push(ann, 'six')
    expect(back.welcome.missed).toBe(false)
    expect(await pushesOf(back, 4)).toEqual(['3 three', '4 four', '5 five', '6 six'])
    expect((await back.ask('ping')).event).toBe('pong')
    expect(back.frames.filter(({ event }) => event === 'kicked')).toHaveLength(4)
  })

  it('are replayed though they are many more than are read at a time', async () => {
    const words = Array.from({ length: 200 }, (_, at) => `word ${at + 1}`)
    await node.push(ann, ...words)
    const back = await signIn(node, ann, 0)
    expect(await pushesOf(back, 200)).toEqual(words.map((word, at) => `${at + 1} ${word}`))
  })

  it('say so where some are kept no longer, and bring the rest', async () => {
    const small = await ground.node({ pushesKeptMax: 3 })
    await small.push(ann, 'one', 'two')
    await small.push(ann, 'three')
    await small.push(ann, 'four', 'five')
    const late = await signIn(small, ann, 1)
    expect(late.welcome).toMatchObject({ seq: 5, missed: true })
    expect(await pushesOf(late, 3)).toEqual(['3 three', '4 four', '5 five'])
    const intime = await signIn(small, ann, 2)
    expect(intime.welcome).toMatchObject({ seq: 5, missed: false })
    expect(await pushesOf(intime, 3)).toEqual(['3 three', '4 four', '5 five'])
  })

  it('are dropped after their time', async () => {
    await node.push(ann, 'old')
    await ground.clock.advance(601_000)
    await node.push(ann, 'new')
    await expect
      .poll(async () => {
        await ground.clock.advance(15_000)
        return node.presence.personal.exportOf(ann)
      })
      .toMatchObject({ pushes: [{ event: 'kicked' }] })
    const back = await signIn(node, ann, 0)
    expect(back.welcome).toMatchObject({ seq: 2, missed: true })
    expect(await pushesOf(back, 1)).toEqual(['2 new'])
  })

  it('take a number that was never given out for a sign of another life', async () => {
    await node.push(ann, 'one')
    const lost = await signIn(node, ann, 99)
    expect(lost.welcome).toMatchObject({ seq: 1, missed: true })
    await node.push(ann, 'two')
    expect(await pushesOf(lost, 1)).toEqual(['2 two'])
  })

  it('reach a socket on another node though no hint does, within the time to catch up', async () => {
    const other = await ground.node()
    const client = await signIn(other, ann)
    await node.push(ann, 'one', 'two')
    expect((await client.ask('ping')).event).toBe('pong')
    expect(client.frames.map(({ event }) => event)).toEqual(['welcome', 'pong'])
    await ground.clock.advance(2_500)
    expect(await pushesOf(client, 2)).toEqual(['1 one', '2 two'])
  })

  it('are not lost where every hint is', async () => {
    const deaf = await ground.node({ deaf: true })
    const client = await signIn(deaf, ann)
    for (const word of ['one', 'two', 'three']) {
      await deaf.push(ann, word)
      await ground.clock.advance(2_500)
    }
    expect(await pushesOf(client, 3)).toEqual(['1 one', '2 two', '3 three'])
  })

  it('reach a socket that was let in while they were sent, without waiting for the time to catch up', async () => {
    let reached: () => void = () => undefined
    let release: (() => void) | null = null
    const hasRead = new Promise<void>((resolve) => {
      reached = resolve
    })
    const slow = await ground.node({
      afterRead: () => {
        reached()
        if (release !== null) return Promise.resolve()
        return new Promise<void>((resolve) => {
          release = resolve
        })
      },
    })
    const signingIn = signIn(slow, ann)
    await hasRead
    await slow.push(ann, 'in between')
    ;(release as (() => void) | null)?.()
    const client = await signingIn
    expect(client.welcome.seq).toBe(0)
    expect(await pushesOf(client, 1)).toEqual(['1 in between'])
  })

  it('follow a player from node to node, with pushes in between', async () => {
    const other = await ground.node()
    const first = await signIn(node, ann)
    await node.push(ann, 'one')
    expect(await pushesOf(first, 1)).toEqual(['1 one'])
    await first.close()
    await node.push(ann, 'two')
    const second = await signIn(other, ann, 1)
    await other.push(ann, 'three')
    expect(await pushesOf(second, 2)).toEqual(['2 two', '3 three'])
    await second.close()
    const third = await signIn(node, ann, 3)
    await other.push(ann, 'four')
    await ground.clock.advance(2_500)
    expect(await pushesOf(third, 1)).toEqual(['4 four'])
  })

  it('survive a store that fails for a while', async () => {
    const client = await signIn(node, ann)
    const rename = (from: string, to: string) => ground.kysely.schema.alterTable(from).renameTo(to).execute()
    await node.push(ann, 'one')
    expect(await pushesOf(client, 1)).toEqual(['1 one'])
    await ground.db.transact(async (tx) => {
      await node.presence.push(tx, [{ player: ann, event: 'kicked', data: { reason: 'two' } }])
    })
    await rename('presence_pushes', 'presence_hidden')
    await ground.clock.advance(5_000)
    await rename('presence_hidden', 'presence_pushes')
    await expect
      .poll(async () => {
        await ground.clock.advance(2_500)
        return client.frames.length
      })
      .toBe(3)
    expect(await pushesOf(client, 1)).toEqual(['2 two'])
  })

  it('keep their order and their numbers under writers on both nodes and a client that keeps dropping', async () => {
    const nodes = [node, await ground.node()]
    const heard: number[] = []
    let after = 0
    let writing = true
    const writers = Promise.all(
      nodes.map(async (one) => {
        for (let at = 0; at < 30; at++) await one.push(ann, `a${at}`, `b${at}`)
      }),
    ).then(() => {
      writing = false
    })
    for (let line = 0; writing || heard.length < 120; line++) {
      const client = await nodes[line % 2]!.signIn(ground.token(ann), after)
      expect(client.welcome.missed).toBe(false)
      const until = Math.min(120, after + 17)
      while (after < until) {
        let push: ServerFrame | undefined
        const coming = client.next('kicked').then((frame) => {
          push = frame
        })
        // What the other node wrote is found when it is time to catch up, and it may write at any time.
        await expect
          .poll(() => ground.clock.advance(2_500).then(() => push), { interval: 20, timeout: 8_000 })
          .toBeDefined()
        await coming
        after = push?.seq ?? 0
        heard.push(after)
      }
      client.socket.terminate()
    }
    await writers
    expect(heard).toEqual(Array.from({ length: 120 }, (_, at) => at + 1))
  })

  it('[security 17] are kept sealed: the database holds no ticket', async () => {
    await node.push(ann, 'ticket-in-the-clear')
    const rows = await ground.kysely
      .withTables<{ presence_pushes: { data: Buffer } }>()
      .selectFrom('presence_pushes')
      .select('data')
      .execute()
    expect(rows).toHaveLength(1)
    for (const { data } of rows) expect(data.includes('ticket-in-the-clear')).toBe(false)
  })

  it('are told with the player’s data, and erased with the player', async () => {
    await ground.db.transact((tx) =>
      node.presence.places.claim(tx, [{ player: ann, place: { kind: 'entry', id: 'e1' } }]),
    )
    await node.push(ann, 'one')
    expect(await node.presence.personal.exportOf(ann)).toEqual({
      place: { kind: 'entry', id: 'e1' },
      pushes: [{ event: 'kicked', at: '2026-01-01T00:00:00.000Z' }],
    })
    await ground.db.transact((tx) => node.presence.personal.erase(tx, ann))
    expect(await node.presence.personal.exportOf(ann)).toEqual({ place: null, pushes: [] })
  })

  it('refuse what is larger than a frame may be, before anything is kept', async () => {
    await expect(node.push(ann, 'x'.repeat(70_000))).rejects.toThrow(/70013 bytes/)
    await node.push(ann, 'one')
    expect(await signIn(node, ann)).toMatchObject({ welcome: { seq: 1 } })
  })
})
