import { describe, expect, it } from 'vitest'
import { endedProcess, type FreshFleetStore, launch, running, session } from '../../../../test/support/fleet-store.ts'

/** Which processes a machine runs. */
export function processSuite(fresh: FreshFleetStore): void {
  const { act, transact, register, reserve, start, read, view, end, rows } = fresh
  const move = (server: string, tried: number[]) =>
    act('movePort', { server, node: 'node-1', ports: [7_000, 7_002], tried, now: 2_000 })

  describe('processes', () => {
    it('launches within the maximum, each on a port of its own, the last used one last', async () => {
      const verdicts = await Promise.all(['a', 'b', 'c', 'd'].map((id) => start(id)))
      expect(verdicts.map((one) => one.kind).sort()).toEqual(['full', 'full', 'launched', 'launched'])
      expect((await rows()).map((row) => row.port).sort()).toEqual([7_000, 7_001])
      const [first] = await rows()
      await end([first!.server])
      await act('endProcess', endedProcess(first!.server))
      await start('e')
      expect((await rows()).find((row) => row.server === 'e')?.port).toBe(7_002)
      expect((await start('f', { node: 'node-2' })).kind).toBe('launched')
    })

    it('counts a process until it was seen to end, and each mode by itself', async () => {
      await start('a', { processesMax: 1 })
      await end(['a'])
      expect((await start('b', { processesMax: 1 })).kind).toBe('full')
      expect((await start('c', { processesMax: 1, mode: 'ffa' })).kind).toBe('launched')
      await act('endProcess', endedProcess('a'))
      expect((await start('d', { processesMax: 1 })).kind).toBe('launched')
      expect(await view('b')).toBeUndefined()
      expect(await read('b')).toBeNull()
    })

    it('has no port where other modes hold them all', async () => {
      await start('a', { mode: 'x', ports: [7_000, 7_001] })
      await start('b', { mode: 'x', ports: [7_000, 7_001] })
      expect((await start('c', { ports: [7_000, 7_001] })).kind).toBe('no_port')
      expect(await view('c')).toBeUndefined()
    })

    it('gives a session that asks again the same server, and an ended one none', async () => {
      const first = await start('a')
      expect(first).toEqual({
        kind: 'launched',
        allocation: {
          ...{ session: session('a'), server: 'a', instance: 'a run 1', host: '127.0.0.1', port: null, region: null },
        },
      })
      expect(await start('b', { session: session('a') })).toEqual({ ...first, kind: 'existing' })
      await end(['a'])
      expect((await start('b', { session: session('a') })).kind).toBe('ended')
      expect(await read('b')).toBeNull()
    })

    it('launches none for a session that reserved one', async () => {
      await register('r')
      await reserve(1)
      expect(await start('b', { session: session(1) })).toMatchObject({
        ...{ kind: 'existing', allocation: { server: 'r', port: null } },
      })
      expect(await rows()).toEqual([])
    })

    it('leaves nothing of a launch that came to nothing', async () => {
      const failing = transact(async (tx, store) => {
        await store.launch(tx, launch('a'))
        expect(await store.processesOf(tx, 'node-1')).toHaveLength(1)
        throw new Error('undone')
      })
      await expect(failing).rejects.toThrow('undone')
      expect(await rows()).toEqual([])
      expect(await read('a')).toBeNull()
      expect(await view('a')).toBeUndefined()
      await start('b')
      expect((await rows())[0]?.port).toBe(7_000)
    })

    it('shows the launcher what to do', async () => {
      await start('a')
      const asked = {
        ...{
          server: 'a',
          instance: 'a run 1',
          launcher: 'launcher_1',
          mode: 'duel',
          session: session('a'),
          playersMax: 2,
        },
        ...{ brief: { match_id: 'match_a' }, port: 7_000, pid: null, startMark: null, stopGraceMs: 10_000 },
        ...{ readyTimeoutMs: 30_000, createdAt: 1_000, state: 'starting', wanted: true, sdkPort: null },
      }
      expect(await rows()).toEqual([asked])
      expect(await act('recordProcess', running('a'))).toBe(true)
      expect(await act('confirm', session('a'), null, 2_000)).toMatchObject({ launched: true })
      const recorded = { ...asked, brief: null, launcher: 'launcher_2', pid: 77, startMark: 'boot 77', state: 'ready' }
      expect(await rows()).toEqual([recorded])
      expect(await act('release', session('a'), 'completed', 3_000)).toEqual({
        ...{ server: 'a', launched: true, idle: true },
      })
      expect(await rows()).toEqual([{ ...recorded, state: 'draining', wanted: false }])
      await act('endProcess', endedProcess('a'))
      expect(await rows()).toEqual([])
      expect(await act('recordProcess', running('a'))).toBe(false)
      expect(await act('recordProcess', running('nobody'))).toBe(false)
    })

    it('shows each node its own, in the order of the ids', async () => {
      await start('b')
      await start('c', { node: 'node-2' })
      await start('a')
      expect((await rows()).map((row) => row.server)).toEqual(['a', 'b'])
      expect((await rows('node-2')).map((row) => [row.server, row.port])).toEqual([['c', 7_000]])
      expect(await rows('node-3')).toEqual([])
    })

    it('still shows a process whose server was forgotten', async () => {
      await start('a')
      await end(['a'])
      await act('purge', { endedBefore: 6_000, kicksBefore: 0, limit: 10 })
      expect(await read('a')).toBeNull()
      expect(await rows()).toMatchObject([{ server: 'a', instance: '', state: 'gone', wanted: false, brief: null }])
    })

    it('moves a server to a port that nobody holds', async () => {
      await start('a')
      expect(await move('a', [7_000])).toBe(7_001)
      expect(await view('a')).toMatchObject({ port: 7_001 })
      expect(await read('a')).toMatchObject({ ports: { game: 7_001 } })
      expect((await rows())[0]?.port).toBe(7_001)
      expect(await move('a', [7_000, 7_001, 7_002])).toBeNull()
      await start('b')
      expect((await rows()).find((row) => row.server === 'b')?.port).toBe(7_002)
      expect(await move('b', [7_002])).toBe(7_000)
    })

    it('moves nothing that has ended', async () => {
      await start('a')
      await act('endProcess', endedProcess('a'))
      expect(await move('a', [7_000])).toBeNull()
      expect(await move('nobody', [])).toBeNull()
      expect(await view('a')).toMatchObject({ port: 7_000 })
    })

    it('never gives a port twice, however many are launched and moved at once', async () => {
      const wide = { ports: [7_000, 7_030] as const, processesMax: 30 }
      const ids = Array.from({ length: 10 }, (_, at) => `s${at}`)
      for (const id of ids) await start(id, wide)
      await Promise.all([
        ...ids.map((server) =>
          act('movePort', { server, node: 'node-1', ports: wide.ports, tried: [7_000, 7_001], now: 2_000 }),
        ),
        ...ids.map((id) => start(`${id}-more`, wide)),
      ])
      const ports = (await rows()).map((row) => row.port)
      expect(ports).toHaveLength(20)
      expect(new Set(ports).size).toBe(20)
    })

    it('keeps what a server’s SDK knows until its process is seen to end', async () => {
      await start('a')
      expect(await act('sdkOf', 'a')).toEqual({
        ...{ kept: null, host: '127.0.0.1', region: null, brief: { match_id: 'match_a' } },
      })
      const kept = { state: 'Ready', labels: { 'agones.dev/sdk-map': '"hill"\\' } }
      expect(await act('keepSdk', { server: 'a', port: 9_400, kept })).toBe(true)
      expect(await act('sdkOf', 'a')).toMatchObject({ kept })
      expect(await rows()).toMatchObject([{ server: 'a', sdkPort: 9_400 }])
      await act('release', session('a'), 'completed', 3_000)
      expect(await act('sdkOf', 'a')).toMatchObject({ kept, brief: null })
      await act('endProcess', endedProcess('a'))
      expect(await act('sdkOf', 'a')).toBeNull()
      expect(await act('keepSdk', { server: 'a', port: 9_400, kept })).toBe(false)
      expect(await act('sdkOf', 'nobody')).toBeNull()
    })

    it('beats for launched servers that live, and keeps their last lines', async () => {
      await start('a')
      await start('b')
      await register('r')
      await end(['b'])
      expect([...(await act('beatLaunched', 9_000, ['a', 'b', 'r', 'nobody']))]).toEqual(['a'])
      await act('saveOutput', [{ server: 'a', lines: ['"one"', 'two\\'] }])
      await act('saveOutput', [{ server: 'nobody', lines: [] }])
      await act('saveOutput', [])
      expect(await read('a')).toMatchObject({ lastBeatAt: 9_000, output: ['"one"', 'two\\'], launched: true })
      expect(await read('r')).toMatchObject({ lastBeatAt: 1_000, output: null })
    })

    it('ends a process once, and keeps its lines where no others are told', async () => {
      await start('a')
      await act('saveOutput', [{ server: 'a', lines: ['hello'] }])
      await act('endProcess', { ...endedProcess('a'), output: null })
      expect((await read('a'))?.output).toEqual(['hello'])
      await act('endProcess', endedProcess('a'))
      expect((await read('a'))?.output).toEqual(['hello'])
      expect((await read('a'))?.state).toBe('starting')
    })

    it('ends as not ready only what is starting', async () => {
      await start('a')
      await start('b')
      await act('confirm', session('b'), null, 2_000)
      const ended = await end(['a', 'b'], { onlyStarting: true, cause: 'not_ready' })
      expect(ended).toEqual([{ server: 'a', node: 'node-1', lost: [session('a')] }])
      expect(await view('b')).toMatchObject({ state: 'allocated', ready: true })
    })

    it('gives no id twice', async () => {
      await start('a')
      await expect(start('a', { session: session('other') })).rejects.toMatchObject({ code: '23505' })
      expect(await view('other')).toBeUndefined()
      expect(await rows()).toHaveLength(1)
    })
  })
}
