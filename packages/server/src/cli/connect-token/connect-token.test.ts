import { readFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { dialects } from '@muster/netcode'
import { describe, expect, it } from 'vitest'
import type { Command } from '../command.ts'
import { runCommandLine } from '../command-line.ts'
import { connectTokenCommand } from './index.ts'

const { vectors } = JSON.parse(
  readFileSync(new URL('../../../../../conformance/netcode.json', import.meta.url), 'utf8'),
) as { vectors: { name: string; input: Record<string, unknown>; expect: Record<string, { tokenHex: string }> }[] }

async function printed(input: string, ...words: string[]) {
  const texts = { stdout: '', stderr: '' }
  const collect = (name: keyof typeof texts) =>
    new PassThrough().on('data', (data) => {
      texts[name] += data
    })
  const stdin = new PassThrough()
  stdin.end(input)
  const streams = { stdin, stdout: collect('stdout'), stderr: collect('stderr') }
  const code = await runCommandLine(connectTokenCommand as Command, ['-', ...words], streams)
  return { code, ...texts }
}

describe('muster connect-token', () => {
  for (const { name, input, expect: expected } of vectors) {
    it.each(dialects)(`prints ${name} for %s`, async (dialect) => {
      const answer = await printed(JSON.stringify(input), '--dialect', dialect)
      expect(answer).toEqual({ code: 0, stdout: `${expected[dialect]?.tokenHex}\n`, stderr: '' })
    })
  }

  const good = vectors[0]?.input
  it.each<[string, string, RegExp]>([
    ['what is no JSON', '{', /no JSON/],
    ['a list', '[]', /must be object/],
    ['a missing key', JSON.stringify({ ...good, nonceHex: undefined }), /missing: nonceHex/],
    ['an unknown key', JSON.stringify({ ...good, nonce: '' }), /no such option: nonce\./],
    ['half a byte', JSON.stringify({ ...good, nonceHex: '123' }), /nonceHex: /],
    ['a number that lost its last digits', JSON.stringify({ ...good, clientId: 2 ** 60 }), /clientId: /],
    ['a nonce of the wrong length', JSON.stringify({ ...good, nonceHex: '12' }), /nonce has 24 bytes, not 1/],
    [
      'a name for an address',
      JSON.stringify({ ...good, publicAddresses: ['localhost:1'] }),
      /localhost:1 is no address/,
    ],
  ])('refuses %s, with code 2', async (_, input, why) => {
    const { code, stdout, stderr } = await printed(input, '--dialect', 'netcode')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(why)
  })

  it('tells how a number is written', async () => {
    const { stderr } = await printed(JSON.stringify({ ...good, clientId: '-1' }), '--dialect', 'netcode')
    expect(stderr).toContain('clientId: must be a whole number from 0 on, as text beyond 2⁵³')
    expect(stderr).toContain('but is "-1"')
  })

  it('shows no key, whatever is wrong with it', async () => {
    const key = 'c0ffee'.repeat(11)
    for (const name of ['privateKeyHex', 'clientToServerKeyHex', 'serverToClientKeyHex']) {
      for (const value of [`${key}x`, [key], { key }, `${key}0`]) {
        const { code, stderr } = await printed(JSON.stringify({ ...good, [name]: value }))
        expect([name, code, stderr.includes('c0ffee')]).toEqual([name, 2, false])
      }
    }
    for (const input of [JSON.stringify(key), key, `{"privateKeyHex":${key}}`, `{"privateKeyHex":"${key}",}`]) {
      const { code, stderr } = await printed(input)
      expect([code, stderr.includes('c0ffee')]).toEqual([2, false])
    }
  })

  it('refuses a dialect that there is not', async () => {
    const { code, stderr } = await printed(JSON.stringify(good), '--dialect', 'unity')
    expect(code).toBe(2)
    expect(stderr).toContain("There is no dialect 'unity'; there are netcode, renet, lightyear.")
  })
})
