import { Closed, contract, Refusal } from '@muster/protocol'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ModuleGround, moduleGround } from '../../../test/support/module-ground.ts'
import { simulatedClock } from '../../../test/support/simulated-clock.ts'
import { createIdempotency } from './idempotency.ts'
import { type Caller, route } from './route.ts'

const Thing = Closed({ word: Type.String() })
const make = contract({
  ...{ method: 'POST', path: '/things', summary: 'Make', tag: 'test', who: ['anyone'], body: Thing },
  ...{ answers: { 201: Closed({ id: Type.String(), word: Type.String() }) }, refusals: [], creates: true },
})
const change = contract({
  ...{ method: 'POST', path: '/changes', summary: 'Change', tag: 'test', who: ['anyone'], body: Thing },
  ...{ answers: { 201: Closed({ id: Type.String(), word: Type.String() }) }, refusals: [] },
})

describe('a request with an Idempotency-Key', () => {
  let ground: ModuleGround
  let app: FastifyInstance
  let made: string[]
  /** What happens inside the handler, once the id is there. */
  let during: (word: string) => Promise<void>
  beforeEach(async () => {
    ground = await moduleGround({})
    made = []
    during = async () => undefined
    const handle = async ({ body, mintId }: { body: { word: string }; mintId: ModuleGround['mintId'] }) => {
      const id = mintId('thing')
      await during(body.word)
      made.push(id)
      return { status: 201 as const, body: { id, word: body.word }, headers: { etag: '"1"' } }
    }
    const player = async (token: string): Promise<Caller> => ({
      ...{ kind: 'player', player: `player_${token}`, nick: token, guest: false, login: 'login_1', operator: false },
    })
    app = await ground.serve([route(make, handle), route(change, handle)], { player })
  })
  afterEach(async () => {
    await app.close()
    await ground[Symbol.asyncDispose]()
  })

  async function post(key: string | undefined, word = 'a', who = 'ann', url = '/things') {
    const headers = { authorization: `Bearer ${who}`, ...(key === undefined ? {} : { 'idempotency-key': key }) }
    const answer = await app.inject({ method: 'POST', url, payload: { word }, headers })
    return { status: answer.statusCode, body: answer.json(), headers: answer.headers }
  }

  /** Its time stands still: nothing is heard of it after it has begun. */
  const deadProcess = () => createIdempotency({ ...ground, clock: simulatedClock(ground.clock.now()) })
  const runningUntil = async () => {
    const tables = ground.kysely.withTables<{ platform_idempotency: { running_until: number | null } }>()
    return (await tables.selectFrom('platform_idempotency').selectAll().executeTakeFirstOrThrow()).running_until
  }

  it('is done once, and answered the same again, headers too', async () => {
    const first = await post('k')
    expect(first).toMatchObject({ status: 201, body: { word: 'a' }, headers: { etag: '"1"' } })
    const again = await post('k')
    expect(again).toMatchObject({ status: 201, body: first.body, headers: { etag: '"1"' } })
    expect(made).toHaveLength(1)
  })

  it('is its caller’s own, and its address’s', async () => {
    await post('k', 'a', 'ann')
    await post('k', 'a', 'bob')
    expect(made).toHaveLength(2)
    expect(await post('k', 'a', 'ann', '/changes')).toMatchObject({ status: 201 })
    expect(made).toHaveLength(3)
  })

  it('is refused where the first one is still under way, and has one effect', async () => {
    let release: () => void = () => undefined
    const entered = new Promise<void>((resolve) => {
      during = () => {
        resolve()
        return new Promise((done) => {
          release = done
        })
      }
    })
    const first = post('k')
    await entered
    const second = await post('k')
    expect(second).toMatchObject({
      status: 409,
      body: { code: 'IDEMPOTENCY_IN_PROGRESS' },
      headers: { 'retry-after': '1' },
    })
    release()
    expect(await post('k')).toMatchObject({ body: (await first).body })
    expect(made).toHaveLength(1)
  })

  it('has one effect, however many come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('k')))
    expect(made).toHaveLength(1)
    for (const { status, body } of answers) {
      if (status === 201) expect(body.id).toBe(made[0])
      else expect(body.code).toBe('IDEMPOTENCY_IN_PROGRESS')
    }
  })

  it('is refused with other content, whether the first was answered or not', async () => {
    await post('k', 'a')
    expect(await post('k', 'b')).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } })
    expect(made).toHaveLength(1)
  })

  it('may be tried again after a refusal, at once', async () => {
    during = async () => {
      throw new Refusal('NO_CAPACITY', { retryAfterS: 1 })
    }
    expect(await post('k')).toMatchObject({ status: 503 })
    during = async () => undefined
    expect(await post('k')).toMatchObject({ status: 201 })
    expect(made).toHaveLength(1)
  })

  it('makes the same things again after a crash, once the first is taken for dead', async () => {
    const minted: string[] = []
    const request = { caller: 'player_ann', key: 'k', content: 'c' }
    const handle =
      (ends: () => Promise<never> | { status: number; body: unknown }) => async (mintId: ModuleGround['mintId']) => {
        minted.push(mintId('session'))
        return ends()
      }
    // A process that died in the middle never answers, and never says that it failed.
    let dying: () => void = () => undefined
    const died = new Promise<void>((resolve) => {
      dying = resolve
    })
    void deadProcess().run(
      request,
      handle(() => {
        dying()
        return new Promise<never>(() => undefined)
      }),
    )
    await died
    const again = () =>
      ground.idempotency.run(
        request,
        handle(() => ({ status: 201, body: 'made' })),
      )
    await expect(again()).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' })
    await ground.clock.advance(5_001)
    expect(await again()).toEqual({ status: 201, body: 'made' })
    expect(minted).toHaveLength(2)
    expect(new Set(minted).size).toBe(1)
    expect(await again()).toEqual({ status: 201, body: 'made' })
    expect(minted).toHaveLength(2)
  })

  it('waits for one that lives, however long it takes', async () => {
    const request = { caller: 'player_ann', key: 'k', content: 'c' }
    let entered: () => void = () => undefined
    const inside = new Promise<void>((resolve) => {
      entered = resolve
    })
    let answer: (answer: { status: number; body: unknown }) => void = () => undefined
    const first = ground.idempotency.run(request, () => {
      entered()
      return new Promise((resolve) => {
        answer = resolve
      })
    })
    await inside
    const again = () => ground.idempotency.run(request, async () => ({ status: 201, body: 'second' }))
    for (let time = 0; time < 8; time++) {
      const before = await runningUntil()
      await ground.clock.advance(2_000)
      // It has said so when the row has a later time.
      while ((await runningUntil()) === before) await Promise.resolve()
      await expect(again()).rejects.toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' })
    }
    answer({ status: 201, body: 'first' })
    expect(await first).toEqual({ status: 201, body: 'first' })
    expect(await again()).toEqual({ status: 201, body: 'first' })
  })

  it('keeps its first answer, where one taken for dead comes back late', async () => {
    const request = { caller: 'player_ann', key: 'k', content: 'c' }
    let wake: (answer: { status: number; body: unknown }) => void = () => undefined
    let entered: () => void = () => undefined
    const inside = new Promise<void>((resolve) => {
      entered = resolve
    })
    const late = deadProcess().run(request, () => {
      entered()
      return new Promise((resolve) => {
        wake = resolve
      })
    })
    await inside
    await ground.clock.advance(5_001)
    const second = await ground.idempotency.run(request, async () => ({ status: 201, body: 'second' }))
    wake({ status: 201, body: 'late' })
    await late
    const third = await ground.idempotency.run(request, async () => ({ status: 201, body: 'third' }))
    expect(third).toEqual(second)
  })

  it('is forgotten after a day, and swept away', async () => {
    await post('k')
    await ground.clock.advance(24 * 3_600_000 + 1)
    await ground.idempotency.sweep()
    const rows = await ground.kysely
      .withTables<{ platform_idempotency: { id: string } }>()
      .selectFrom('platform_idempotency')
      .selectAll()
      .execute()
    expect(rows).toEqual([])
    expect(await post('k')).toMatchObject({ status: 201 })
    expect(made).toHaveLength(2)
  })

  it('is forgotten after a day though nobody swept', async () => {
    await post('k', 'a')
    await ground.clock.advance(24 * 3_600_000 + 1)
    expect(await post('k', 'b')).toMatchObject({ status: 201 })
    expect(made).toHaveLength(2)
  })

  it('[security 17] leaves neither the key nor the answer readable in the database', async () => {
    await post('the-key-itself', 'the-answer-itself')
    const rows = await ground.kysely
      .withTables<{ platform_idempotency: { id: string; answer: Buffer } }>()
      .selectFrom('platform_idempotency')
      .selectAll()
      .execute()
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toMatch(/the-key-itself/)
    expect(rows[0]?.answer.toString('latin1')).not.toMatch(/the-answer-itself/)
  })

  it('is done every time where the call makes nothing, or no key comes', async () => {
    await post('k', 'a', 'ann', '/changes')
    await post('k', 'a', 'ann', '/changes')
    await post(undefined)
    await post(undefined)
    expect(made).toHaveLength(4)
  })

  it.each(['', ' ', 'x'.repeat(256), 'ä', 'two words'])('is refused where the key is %j', async (key) => {
    const answer = await post(key)
    expect([400, 201]).toContain(answer.status)
    if (key !== '' && key !== ' ') expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
  })
})
