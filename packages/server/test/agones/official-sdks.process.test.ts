import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ServiceDefinition } from '@grpc/grpc-js'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agonesOptions } from '../../src/modules/fleet/agones/config.ts'
import { readOptions } from '../../src/platform/options.ts'
import { type LauncherGround, launcherGround, seen } from '../support/launcher-ground.ts'
import { repository } from '../support/muster-process.ts'

const nodeServer = fileURLToPath(new URL('../fixtures/agones-server.mjs', import.meta.url))
const rustServer = fileURLToPath(new URL('rust/', import.meta.url))

/** Says a line to whoever listens there, and hears one; nothing, where the line is closed instead. */
async function ask(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const answer = once(socket, 'data') as Promise<[Buffer]>
  const closed = once(socket, 'close').then(() => [''] as const)
  socket.write(`${line}\n`)
  const [text] = await Promise.race([answer, closed])
  socket.destroy()
  return String(text).trim()
}

/** What of a definition is on the wire: a message's fields with their numbers and kinds, a service's calls. */
function wireOf(entry: PackageDefinition[string] | undefined): object {
  if (entry === undefined) return {}
  if (!('type' in entry)) {
    const calls = Object.entries(entry as ServiceDefinition)
    return Object.fromEntries(
      calls.map(([name, { path, requestStream, responseStream }]) => [name, { path, requestStream, responseStream }]),
    )
  }
  return messageOf(entry.type as Described)
}

interface Described {
  name?: string
  field?: Record<string, unknown>[]
  nestedType?: Described[]
  enumType?: { name: string; value: { name: string; number: number }[] }[]
}

const messageOf = ({ field = [], nestedType = [], enumType = [] }: Described): object => ({
  fields: Object.fromEntries(
    field.map(({ name, number, type, label, typeName }) => [String(name), { number, type, label, typeName }]),
  ),
  within: Object.fromEntries(nestedType.map((one) => [one.name, messageOf(one)])),
  words: Object.fromEntries(enumType.map((one) => [one.name, one.value.map(({ name, number }) => ({ name, number }))])),
})

/** Rust's own tools are needed to build a program on its SDK. Where nobody has them, nothing is built; CI has them. */
function canBuildRust(): boolean {
  if (process.env.CI === 'true') return true
  try {
    for (const tool of ['cargo', 'protoc']) execFileSync(tool, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('a server on an official Agones SDK, unchanged', () => {
  let ground: LauncherGround
  beforeEach(async () => {
    ground = await launcherGround()
  })
  afterEach(() => ground[Symbol.asyncDispose]())

  function offer(mode: string, command: string[], over: object = {}) {
    const agones = readOptions(
      agonesOptions,
      {
        ports: [ground.base + 10, ground.base + 18],
        health: { initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 2 },
        counters: { rounds: { capacity: 5 } },
        lists: { players: {} },
        ...over,
      },
      'the test',
    )
    ground.mode(mode, { command, agones })
  }
  const printed = (server: string) => readFile(join(ground.dataDir, 'servers', `${server}.log`), 'utf8')
  const says = (server: string, words: string) =>
    seen(async () => {
      const text = await printed(server).catch(() => '')
      return text.includes(words) && text
    })
  async function launched(mode: string) {
    const muster = await ground.muster()
    const asked = await muster.ask(mode)
    if (asked === null) throw new Error('It was not launched.')
    return { muster, ...asked }
  }
  const offerNode = (behaviour = 'plays') => offer(behaviour, [process.execPath, nodeServer, behaviour])

  it('Node: is ready, and all that it says of itself is known', async () => {
    offerNode()
    const { muster, session, server, instance } = await launched('plays')
    const view = await muster.ready(session)
    const text = await says(server, 'state Allocated')
    const line = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? ''
    expect(JSON.parse(line('shown'))).toMatchObject({
      name: server,
      health: { disabled: false, periodSeconds: 1, failureThreshold: 2, initialDelaySeconds: 0 },
      status: { state: 'Scheduled', address: '127.0.0.1', portsList: [{ name: 'default', port: view.port }] },
    })
    expect(JSON.parse(line('labels'))).toEqual({ 'muster/session-id': session, 'muster/mode': 'plays' })
    expect(JSON.parse(line('annotations'))).toEqual({
      'muster/max-players': '2',
      'muster/match': '{"match_id":"match_1"}',
    })
    expect(line('bad label')).toMatch(/^3 A label has/)
    expect(line('rounds')).toBe('1 of 5')
    expect(line('beyond')).toMatch(/^11 /)
    expect(line('unknown')).toMatch(/^5 /)
    expect(line('twice')).toMatch(/^6 /)
    expect(line('players')).toBe('2 ann')
    expect(line('contains')).toBe('true 1')
    expect(line('connect')).toBe('true false')
    expect(line('count')).toBe('1 of 2')
    expect(line('connected')).toBe('true bob')
    expect(line('disconnect')).toBe('true false')
    const states = [...text.matchAll(/^state (.*)$/gm)].map(([, state]) => state)
    expect([...new Set(states)]).toEqual(['Scheduled', 'Reserved', 'Ready', 'Allocated'])
    // What opens anything is nowhere in what an SDK shows.
    expect(text).not.toContain(muster.reportTokenOf(session))
    expect(text).not.toContain(muster.ticketKeyOf(server, instance).toString('hex'))
    expect(await ask(view.port, 'hello')).toBe('hello')
  })

  it('Node: allocates itself, and ends its session with its shutdown', async () => {
    offerNode('allocates')
    const { muster, session, server } = await launched('allocates')
    const { port } = await muster.ready(session)
    expect(await ask(port, 'state')).toBe('Allocated')
    await ask(port, 'over')
    expect(await muster.failed(session)).toMatchObject({ cause: 'shut_down' })
    await ground.ended(server)
    expect(await ground.living()).toEqual([])
  })

  it('Node: loses its session when its pings end', async () => {
    offerNode('faints')
    const { muster, session, server } = await launched('faints')
    expect(await muster.failed(session)).toMatchObject({
      cause: 'unhealthy',
      failure: 'The game server was unhealthy.',
    })
    await ground.ended(server)
    expect((await ground.rowOf(server))?.gone_detail).toContain('It sent no health pings.')
  })

  it('Node: finds its SDK where it was after Muster has come back', async () => {
    offerNode()
    const { muster, session, server } = await launched('plays')
    const { port } = await muster.ready(session)
    await says(server, 'state Allocated')
    await muster.stop('keep')
    await says(server, 'watch ')
    const next = await ground.muster()
    expect(await next.ready(session)).toMatchObject({ port })
    await seen(async () => (await ask(port, 'relabel')) === 'fine')
    expect(await ask(port, 'state')).toBe('Allocated')
    expect(JSON.parse(await ask(port, 'label'))).toMatchObject({ 'agones.dev/sdk-map': 'lake', 'muster/mode': 'plays' })
    await ask(port, 'over')
    expect(await next.failed(session)).toMatchObject({ cause: 'shut_down' })
  })

  it.runIf(process.platform === 'linux')('answers no other process of the machine, unless told to', async () => {
    offerNode()
    const { muster, session } = await launched('plays')
    await muster.ready(session)
    const url = `http://127.0.0.1:${ground.base + 10}`
    await expect(fetch(`${url}/shutdown`, { method: 'POST', body: '{}' })).rejects.toThrow()
    expect(await muster.view(session)).toMatchObject({ ready: true, state: 'allocated' })

    offer('open', [process.execPath, nodeServer, 'plays'], { anyProcess: true })
    const open = await muster.ask('open')
    await muster.ready(open!.session)
    const answer = await fetch(`http://127.0.0.1:${ground.base + 11}/gameserver`)
    expect(await answer.json()).toMatchObject({ object_meta: { name: open!.server }, status: { state: 'Allocated' } })
  })

  it.each([
    ['through a shell', ''],
    ['and took its mark off', 'env -i "PATH=$PATH" "AGONES_SDK_GRPC_PORT=$AGONES_SDK_GRPC_PORT"'],
  ])('answers what the launched process started, %s', async (_, before) => {
    offer('shell', ['sh', '-c', `${before} "${process.execPath}" "${nodeServer}" plays; exit 7`])
    const { muster, session, server } = await launched('shell')
    const { port } = await muster.ready(session)
    expect(await ask(port, 'state')).toMatch(/Ready|Allocated/)
    await ask(port, 'over')
    expect(await muster.failed(session)).toMatchObject({ cause: 'shut_down' })
    await ground.ended(server)
  })

  describe.runIf(canBuildRust())('Rust', () => {
    const target = join(repository, 'node_modules/.cache/agones-rust')
    const program = join(target, 'debug/agones-game-server')
    beforeAll(() => {
      execFileSync('cargo', ['build', '--locked', '--quiet', '--target-dir', target], {
        cwd: rustServer,
        stdio: 'inherit',
      })
    }, 900_000)

    it('says by its published proto what ours says, number by number', () => {
      const metadata = execFileSync('cargo', ['metadata', '--format-version', '1', '--locked'], {
        ...{ cwd: rustServer, maxBuffer: 16_777_216 },
      })
      const { packages } = JSON.parse(String(metadata)) as { packages: { name: string; manifest_path: string }[] }
      const manifest = packages.find(({ name }) => name === 'agones')?.manifest_path ?? ''
      const proto = (folder: string) => join(dirname(manifest), 'proto', folder)
      const imports = ['googleapis', 'grpc-gateway'].map(proto)
      const compare = (names: string[], theirFolders: string[], ourFolder: string, prefix: string) => {
        const theirs = loadSync(names, { includeDirs: [...theirFolders.map(proto), ...imports] })
        const ours = loadSync(names, { includeDirs: [join(repository, ourFolder)] })
        const said = Object.entries(theirs).filter(([name]) => name.startsWith(prefix))
        for (const [name, entry] of said) expect(wireOf(ours[name]), name).toMatchObject(wireOf(entry))
        return said.length
      }
      const sdk = ['sdk.proto', 'alpha.proto', 'beta.proto']
      const folders = ['sdk', 'sdk/alpha', 'sdk/beta']
      expect(compare(sdk, folders, 'packages/server/proto/agones', 'agones.dev.sdk')).toBeGreaterThan(20)
      // What the stand-in for a cluster checks requests by.
      expect(compare(['allocation.proto'], ['allocation'], 'packages/server/test/agones', 'allocation.')).toBe(13)
    })

    it('plays from its readiness to its shutdown', async () => {
      offer('rust', [program])
      const { muster, session, server } = await launched('rust')
      const { port } = await muster.ready(session)
      const text = await says(server, `ready ${session}`)
      for (const line of [
        ...['label hill', 'annotation from Rust', 'match {"match_id":"match_1"}', 'rounds 1 of 5', 'beyond true'],
        ...['twice true', 'players ann', 'connected true', 'full true', 'count 1 of 1', 'disconnected true'],
      ]) {
        expect(text.split('\n')).toContain(line)
      }
      await says(server, 'state Allocated')
      expect(await ask(port, 'ann')).toBe('hello ann')
      expect(await muster.failed(session)).toMatchObject({ cause: 'shut_down' })
      await ground.ended(server)
    })
  })
})
