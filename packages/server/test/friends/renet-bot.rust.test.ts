import { expect, it } from 'vitest'
import { rustProgram, startProgram } from '../support/rust.ts'

it.each(['--help', 'host --help', 'join -h'])('the bot on renet tells how it is used: %s', async (words) => {
  await using bot = startProgram(rustProgram('renet-coop-bot'), ...words.split(' '))
  expect(await bot.ended).toBe(0)
  expect(bot.text()).toMatch(/^renet-coop-bot host --url .*\nrenet-coop-bot join /)
  expect(bot.text()).not.toContain('needs a value')
})
