import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type FriendsGround, friendsGround } from './friends-ground.ts'

const guide = new URL('../../../../docs/guides/any-server.md', import.meta.url)

/** One who speaks the guide's few words. */
async function comeIn(address: string, ticket: string) {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const say = (line: string) => void socket.write(`${line}\n`)
  say(ticket)
  return { say, hear: async () => (await lines.next()).value as string | undefined, end: () => socket.end() }
}

describe('a server of nothing but Python’s standard library', () => {
  let ground: FriendsGround
  beforeAll(async () => {
    const launch = { command: ['python3', 'server.py'], ports: [43_200, 43_249], processesMax: 4 }
    ground = await friendsGround({ modes: { anything: { server: { launch }, private: {} } } })
    const [, program = ''] = /```python\n([\s\S]+?)```/.exec(await readFile(guide, 'utf8')) ?? []
    expect(program.split('\n').length).toBeLessThan(50)
    await writeFile(join(ground.home.folder, 'server.py'), program, { mode: 0o644 })
  })
  afterAll(() => ground?.[Symbol.asyncDispose]())

  it('lets friends in by their tickets, begins and ends as the guide says', async () => {
    const [ann, bob] = [await ground.player('ann'), await ground.guest()]
    const hosted = await ann.hostGame({ mode: 'anything' })
    const joined = await bob.joinGame(hosted.passcode)
    const host = await comeIn(hosted.address, hosted.ticket)
    expect(await host.hear()).toBe('welcome, host ann')
    const friend = await comeIn(joined.address, joined.ticket)
    expect(await friend.hear()).toMatch(/^welcome, player /)

    const again = await comeIn(joined.address, joined.ticket)
    expect(await again.hear()).toBeUndefined()
    const [head, body, mark = ''] = joined.ticket.split('.')
    const forged = await comeIn(
      joined.address,
      `${head}.${body}.${mark.replace(/^./, mark.startsWith('A') ? 'B' : 'A')}`,
    )
    expect(await forged.hear()).toBeUndefined()

    friend.say('start')
    host.say('start')
    expect(await host.hear()).toBe('started')
    expect(await ann.session(hosted.session_id)).toMatchObject({ state: 'in_progress' })
    friend.say('win')
    const results = await eventually('the result is there', async () => {
      const found = await ann.results({ session: hosted.session_id })
      return found.results.length > 0 && found.results
    })
    expect(results[0]).toMatchObject({ mode: 'anything', teams: [{ rank: 1 }] })
    await ground.untilAllFree()
  })
})
