import { beforeEach, describe, expect, it } from 'vitest'
import { type SimulatedFleetGround, simulatedFleetGround } from '../../../../test/support/simulated-fleet-ground.ts'
import type { ProcessControl, Program } from '../../../../test/support/simulated-machine.ts'
import { readOptions } from '../../../platform/options.ts'
import { agonesOptions } from './config.ts'
import type { SdkCalls } from './sdk.ts'

/** Processes that run, by how they were started: the test speaks for them. */
const running = new Map<string, ProcessControl>()
const environments: Readonly<Record<string, string>>[] = []
const quiet: Program = (environment, control) => {
  running.set(environment.MUSTER_SESSION_ID ?? '', control)
  environments.push(environment)
}
/** Sessions whose server has called. */
const said = new Set<string>()
/** Calls until it is answered. */
const insisting =
  (call: 'ready' | 'shutdown'): Program =>
  (environment, control) => {
    let done = false
    const tell = () => {
      if (done) return
      control.after(1_000, tell)
      const calls = control.sdk()
      if (calls === null) return
      said.add(environment.MUSTER_SESSION_ID ?? '')
      calls[call]().then(
        () => {
          done = true
        },
        () => undefined,
      )
    }
    control.after(100, tell)
  }
const pinging =
  (forMs: number): Program =>
  (environment, control) => {
    quiet(environment, control)
    for (let at = 0; at <= forMs; at += 1_000) control.after(at, () => control.sdk()?.health())
  }

describe('the Agones SDK beside a launched server', () => {
  let ground: SimulatedFleetGround
  const seconds = (count: number) => ground.clock.advance(count * 1_000)
  const agones = (over: object = {}) =>
    readOptions(
      agonesOptions,
      {
        ports: [9_400, 9_401],
        health: { disabled: true },
        counters: { rounds: { capacity: 2 } },
        lists: { players: { capacity: 2 } },
        ...over,
      },
      'the test',
    )
  const healthy = { health: { initialDelaySeconds: 5, periodSeconds: 2, failureThreshold: 3 } }
  const sdkOf = (session: string): SdkCalls => {
    const calls = running.get(session)?.sdk() ?? null
    if (calls === null) throw new Error('No SDK is answered.')
    return calls
  }
  beforeEach(async () => {
    running.clear()
    environments.length = 0
    ground = await simulatedFleetGround({ quiet, plain: quiet, pings: pinging(60_000), faints: pinging(10_000) })
    ground.mode('quiet', { agones: agones(), processesMax: 2 })
    for (const mode of ['pings', 'faints']) ground.mode(mode, { agones: agones(healthy), processesMax: 2 })
  })
  async function launched(mode = 'quiet') {
    const muster = await ground.muster()
    const asked = await muster.ask(mode)
    if (asked === null) throw new Error('It was not launched.')
    await seconds(1)
    return { muster, ...asked }
  }

  it('is offered where the mode says so, and nowhere else', async () => {
    const { muster } = await launched()
    expect(environments[0]).toMatchObject({ AGONES_SDK_GRPC_PORT: '9400', AGONES_SDK_HTTP_PORT: '9400' })
    await muster.ask('plain')
    await seconds(1)
    expect(Object.keys(environments[1] ?? {}).filter((name) => name.startsWith('AGONES'))).toEqual([])
  })

  it('shows the session, and lets its server be ready', async () => {
    const { session } = await launched()
    const states: string[] = []
    sdkOf(session).watch(({ state }) => states.push(state))
    expect(sdkOf(session).read()).toMatchObject({
      facts: { session, mode: 'quiet', host: '127.0.0.1', port: 7_000, slots: 2, brief: { match_id: 'match_1' } },
    })
    expect(await ground.view(session)).toMatchObject({ ready: false })
    await sdkOf(session).ready()
    expect(await ground.view(session)).toMatchObject({ ready: true, state: 'allocated' })
    expect(states).toEqual(['Scheduled', 'Ready', 'Allocated'])
    await sdkOf(session).ready()
    expect(states).toHaveLength(3)
    // The launcher knows it, too: nothing is overdue.
    await seconds(60)
    expect(await ground.view(session)).toMatchObject({ ready: true, state: 'allocated' })
  })

  it('takes a server that allocates itself for ready', async () => {
    const { session } = await launched()
    await sdkOf(session).allocate()
    expect(await ground.view(session)).toMatchObject({ ready: true })
    expect(sdkOf(session).read()).toMatchObject({ state: 'Allocated' })
  })

  it('lets a server be reserved for a while before it is ready', async () => {
    const { session } = await launched()
    await sdkOf(session).reserve(5)
    await seconds(4)
    expect(sdkOf(session).read().state).toBe('Reserved')
    expect(await ground.view(session)).toMatchObject({ ready: false })
    await seconds(2)
    expect(sdkOf(session).read().state).toBe('Allocated')
    expect(await ground.view(session)).toMatchObject({ ready: true })
    await sdkOf(session).reserve(0)
    await seconds(600)
    expect(sdkOf(session).read().state).toBe('Reserved')
    await expect(sdkOf(session).reserve(-1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('ends the session of a server that asks for its shutdown, and its process', async () => {
    const { session, server } = await launched()
    await sdkOf(session).ready()
    await sdkOf(session).shutdown()
    expect(await ground.view(session)).toMatchObject({ state: 'gone', cause: 'shut_down' })
    await seconds(1)
    expect(ground.machine.living()).toEqual([])
    expect(running.get(session)?.sdk()).toBeNull()
    expect((await ground.read(server))?.goneDetail).toContain('It asked for its shutdown.')
  })

  it('counts a shutdown after the session as no failure', async () => {
    const { session, server } = await launched()
    await sdkOf(session).ready()
    await ground.letGo(session)
    await sdkOf(session).shutdown()
    await seconds(1)
    expect(ground.machine.living()).toEqual([])
    expect(await ground.view(session)).toMatchObject({ failure: null })
    expect(await ground.read(server)).toMatchObject({ state: 'gone' })
  })

  it('loses a server that never sends a ping, after the initial delay and all its periods', async () => {
    ground.mode('quiet', { agones: agones(healthy) })
    const { session } = await launched()
    await sdkOf(session).ready()
    await seconds(9)
    expect(await ground.view(session)).toMatchObject({ ready: true, state: 'allocated' })
    await seconds(2)
    expect(await ground.view(session)).toMatchObject({ state: 'gone', cause: 'unhealthy' })
    expect(ground.machine.living()).toEqual([])
  })

  it('loses a server whose pings end, and keeps one whose pings come', async () => {
    const { muster, session } = await launched('faints')
    const other = await muster.ask('pings')
    await seconds(14)
    expect(await ground.view(session)).toMatchObject({ state: 'starting' })
    await seconds(3)
    expect(await ground.view(session)).toMatchObject({ state: 'gone', cause: 'unhealthy' })
    expect(await ground.view(other!.session)).toMatchObject({ state: 'starting' })
  })

  it('answers on the same port after Muster has come back, and knows what it knew', async () => {
    const { muster, session } = await launched()
    await sdkOf(session).ready()
    await sdkOf(session).setLabel('map', 'hill')
    await sdkOf(session).updateCounter({ name: 'rounds', count: null, capacity: null, countDiff: 1 })
    await sdkOf(session).addListValue('players', 'ann')
    const before = sdkOf(session).read()
    muster.crash()
    await seconds(1)
    expect(running.get(session)?.sdk()).toBeNull()
    await ground.muster()
    await seconds(1)
    expect(sdkOf(session).read()).toEqual({ ...before, health: before.health })
    await sdkOf(session).setLabel('map', 'lake')
    expect(sdkOf(session).read().labels).toEqual({ 'agones.dev/sdk-map': 'lake' })
  })

  it('waits for the first ping of a server that was taken over, and for each after it', async () => {
    const { muster, session } = await launched('faints')
    await sdkOf(session).ready()
    muster.crash()
    await seconds(20)
    await ground.muster()
    await seconds(30)
    expect(await ground.view(session)).toMatchObject({ ready: true, state: 'allocated' })
    sdkOf(session).health()
    await seconds(7)
    expect(await ground.view(session)).toMatchObject({ state: 'gone', cause: 'unhealthy' })
  })

  it('tries again for a port that somebody took while Muster was away', async () => {
    const { muster, session } = await launched()
    muster.crash()
    const free = ground.machine.holdPort(9_400)
    await ground.muster()
    await seconds(3)
    expect(running.get(session)?.sdk()).toBeNull()
    free()
    await seconds(3)
    expect(sdkOf(session).read().state).toBe('Scheduled')
  })

  it('passes by a port that somebody holds, and says so when none is left', async () => {
    ground.machine.holdPort(9_400)
    const { muster, session } = await launched()
    expect(environments[0]).toMatchObject({ AGONES_SDK_GRPC_PORT: '9401' })
    const second = await muster.ask('quiet')
    await seconds(1)
    expect(await ground.view(second!.session)).toMatchObject({ state: 'gone', cause: 'no_port' })
    await sdkOf(session).shutdown()
    await seconds(1)
    const third = await muster.ask('quiet')
    await seconds(1)
    expect(sdkOf(third!.session).read().state).toBe('Scheduled')
  })

  describe.each(['ready', 'shutdown'] as const)('a %s', (call) => {
    const wanted = call === 'ready' ? { ready: true } : { state: 'gone', cause: 'shut_down' }
    it.each(['crashAt', 'failAt'] as const)(
      'comes to its end whatever step goes wrong: %s',
      async (how) => {
        for (let step = 1; ; step++) {
          ground = await simulatedFleetGround({ insists: insisting(call) })
          ground.mode('insists', { agones: agones() })
          const muster = await ground.muster({ [how]: step }).catch(() => null)
          // It could not even start.
          if (muster === null) continue
          const asking = muster.ask('insists').catch(() => null)
          await seconds(20)
          const isCalm = muster.isAlive() && !muster.hasFailed()
          if (!muster.isAlive()) {
            await ground.muster()
            await seconds(20)
          }
          const asked = await Promise.race([asking, Promise.resolve(null)])
          // What was never started has nothing to end.
          const wasStarted = asked !== null && said.has(asked.session)
          if (wasStarted) expect(await ground.view(asked.session), `step ${step}`).toMatchObject(wanted)
          said.clear()
          if (isCalm) {
            expect(wasStarted).toBe(true)
            expect(step).toBeGreaterThan(10)
            break
          }
        }
      },
      60_000,
    )
  })

  it('bounds what a server asks for', async () => {
    const { session } = await launched()
    const flood = await Promise.allSettled(
      Array.from({ length: 300 }, (_, at) => sdkOf(session).setLabel('map', `hill${at}`)),
    )
    const refused = flood.filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(99)
    expect(refused[0]).toMatchObject({ reason: { code: 'RESOURCE_EXHAUSTED' } })
    for (let at = 0; at < 8; at++) sdkOf(session).watch(() => undefined)
    expect(() => sdkOf(session).watch(() => undefined)).toThrow(/8 may watch/)
  })
})
