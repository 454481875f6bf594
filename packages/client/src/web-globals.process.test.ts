import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { stubMuster } from '../../../test/support/stub-muster.ts'

const built = new URL('../dist/index.js', import.meta.url).href

/** Node's own globals are gone for the client, as in a browser; Node itself, which makes `fetch` of them, keeps them. */
const page = (url: string) => `
  for (const name of ['process', 'Buffer', 'global', 'setImmediate', 'clearImmediate']) {
    const own = globalThis[name]
    const get = () => (new Error().stack.split('\\n')[2]?.includes('/client/dist/') ? undefined : own)
    Object.defineProperty(globalThis, name, { get })
  }
  const { createClient } = await import(${JSON.stringify(built)})
  const client = createClient({ url: ${JSON.stringify(url)} })
  await client.guest('rook')
  console.log(client.userId, (await client.queues()).length)
`

it('runs on what browsers have', async () => {
  const tokens = { access_token: 'a', refresh_token: 'b', token_type: 'Bearer', expires_in: 900, user_id: 'player_ann' }
  await using muster = await stubMuster(({ path }) =>
    path === '/queues' ? { body: { queues: [] } } : { status: 201, body: tokens },
  )
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', page(muster.url)])
  expect(stdout).toBe('player_ann 0\n')
})
