import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Home, musterHome, processesOf } from '../support/muster-process.ts'

describe('muster', () => {
  let home: Home
  beforeAll(async () => {
    home = await musterHome({})
  })
  afterAll(async () => {
    await home[Symbol.asyncDispose]()
  })

  it('makes, lists and revokes keys while no server runs', async () => {
    expect((await home.run('migrate')).code).toBe(0)
    expect((await home.run('keys', 'list')).stdout).toMatch(/There are no API keys/)
    const made = await home.run(
      'keys',
      'create',
      '--name',
      'EU',
      '--scope',
      'server,service',
      '--expires',
      '90d',
      '--json',
    )
    expect(made.code).toBe(0)
    const key = JSON.parse(made.stdout)
    expect(key).toMatchObject({
      name: 'EU',
      scopes: ['server', 'service'],
      secret: expect.stringMatching(/^muster_sk_/),
    })
    expect((Date.parse(key.expires_at) - Date.parse(key.created_at)) / 86_400_000).toBeCloseTo(90, 3)

    const listed = await home.run('keys', 'list')
    expect(listed.stdout).toContain(key.id)
    expect(listed.stdout).not.toContain(key.secret)
    expect(await home.run('keys', 'revoke', key.id)).toMatchObject({ code: 0, stdout: `${key.id} is revoked.\n` })
    expect((await home.run('keys', 'revoke', key.id)).code).toBe(1)
    expect((await home.run('keys', 'list')).stdout).toContain('revoked')
    expect(await processesOf(home.folder)).toEqual([])
  })

  it('makes and revokes keys beside a running server, which hears of it', async () => {
    const muster = await home.start()
    const { stdout: secret } = await home.run('keys', 'create', '--name', 'stats', '--scope', 'service')
    const call = async () =>
      (await fetch(`${muster.url}/servers`, { headers: { authorization: `Bearer ${secret.trim()}` } })).status
    expect(await call()).toBe(200)
    const id = `key_${secret.split('_')[2]}`
    expect((await home.run('keys', 'revoke', id)).code).toBe(0)
    const until = performance.now() + 5_000
    while ((await call()) !== 401) expect(performance.now()).toBeLessThan(until)
    expect(await home.run('migrate')).toMatchObject({ code: 0, stdout: 'The tables are up to date.\n' })
    expect(await muster.end('SIGTERM')).toBe(0)
  })

  it('names the place and the reason of a wrong configuration', async () => {
    const file = join(home.folder, 'wrong.config.json')
    await writeFile(file, JSON.stringify({ queues: { duel: { mode: 'dual', acceptTimeoutS: -1 } }, colour: 'red' }))
    const { code, stderr } = await home.run('serve', '--config', file)
    expect(code).toBe(1)
    expect(stderr).toContain(file)
    expect(stderr).toMatch(/colour/)
    expect(stderr).toMatch(/queues\.duel\.acceptTimeoutS: /)
    expect(stderr).not.toMatch(/\n\s+at /)
    const wrongPort = await home.run('serve', '--port', 'high')
    expect(wrongPort).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--port must be a whole number .* is high/),
    })
  })

  it('says who holds its port, and ends', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const { port } = holder.address() as { port: number }
    const { code, stderr } = await home.run('serve', '--port', String(port))
    holder.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`127.0.0.1:${port} is in use by another process.`)
    expect(await processesOf(home.folder)).toEqual([])
  })

  it('tells the first operator’s password at the first start that comes to serve', async () => {
    await using fresh = await musterHome({})
    const holder = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const { port } = holder.address() as { port: number }
    expect(await fresh.run('serve', '--port', String(port))).toMatchObject({
      code: 1,
      stderr: expect.not.stringMatching(/"password"/),
    })
    holder.close()
    const muster = await fresh.start()
    await muster.output.until(/"username":"operator","password":"[^"]{16,}"/)
    expect(await muster.end('SIGTERM')).toBe(0)
  })

  it('refuses a second server on the same data', async () => {
    const muster = await home.start()
    const second = await home.run('serve', '--port', '0')
    expect(second.code).toBe(1)
    expect(second.stderr).toMatch(/is in use by another Muster \(process \d+\)/)
    expect(await muster.end('SIGTERM')).toBe(0)
  })

  it('refuses a database that is not there, without a stack', async () => {
    home.environment.DATABASE_URL = 'postgres://muster:canary-password@127.0.0.1:9/muster'
    const { code, stderr } = await home.run('serve')
    delete home.environment.DATABASE_URL
    expect(code).toBe(1)
    expect(stderr).toMatch(/^muster serve: The database cannot be used: nothing answers there/)
    expect(stderr).not.toContain('canary-password')
  })
})
