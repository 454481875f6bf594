import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Home, musterHome, outputOf, processesOf, repository } from '../support/muster-process.ts'

let home: Home
beforeAll(async () => {
  home = await musterHome({})
})
afterAll(async () => {
  await home[Symbol.asyncDispose]()
})

it('npm start ends in good order where the whole group is told to, and npm hands the signal on', async () => {
  const environment = { ...home.environment, npm_config_update_notifier: 'false' }
  const npm = spawn('npm', ['start'], {
    ...{ cwd: repository, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  })
  const output = outputOf(npm)
  const closed = once(npm, 'close')
  await output.until(/"Muster serves"/)
  const group = -(npm.pid ?? Number.NaN)
  process.kill(group, 'SIGTERM')
  // Two of one kind may reach a process as one; these two cannot.
  process.kill(group, 'SIGINT')
  await closed
  expect(output.text()).toContain('"Muster has stopped"')
  expect(output.text()).not.toContain('ending at once')
  expect(await processesOf(home.folder)).toEqual([])
})
