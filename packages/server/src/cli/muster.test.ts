import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { machineSettings } from '../config.ts'
import { runCommandLine } from './command-line.ts'
import { muster } from './muster.ts'

async function run(...words: string[]) {
  const texts = { stdout: '', stderr: '' }
  const collect = (name: keyof typeof texts) =>
    new PassThrough().on('data', (data) => {
      texts[name] += data
    })
  const streams = { stdin: new PassThrough(), stdout: collect('stdout'), stderr: collect('stderr') }
  const exitCode = process.exitCode
  const code = await runCommandLine(muster, words, streams)
  process.exitCode = exitCode
  return { code, ...texts }
}

describe('muster', () => {
  it.each([
    ['', ['serve', 'demo', 'keys', 'migrate', 'rate', 'muster <command> --help']],
    ['serve', ['--port', '--only', 'ENVIRONMENT', 'EXAMPLES', ...Object.values(machineSettings).map(({ env }) => env)]],
    ['migrate', ['--data', 'DATABASE_URL', 'EXAMPLES']],
    ['keys', ['create', 'list', 'revoke', 'operator', 'EXAMPLES']],
    ['keys create', ['--name', '--scope', '--expires', 'EXAMPLES']],
    ['keys list', ['--json', 'EXAMPLES']],
    ['keys revoke', ['ID', 'EXAMPLES']],
    ['demo', ['--rounds', '--bots', '--url', '--json', 'PORT', 'EXAMPLES']],
    ['connect-token', ['FILE', '--dialect', 'netcode|renet|lightyear', 'privateKeyHex']],
    ['rate', ['--system', '--json', '--game', 'glicko2']],
  ])('explains «%s» whole', async (command, words) => {
    const { code, stdout, stderr } = await run(...command.split(' ').filter(Boolean), '--help')
    expect([code, stderr]).toEqual([0, ''])
    for (const word of words) expect(stdout).toContain(word)
    expect(stdout).not.toContain('\u001B')
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(160)
  })

  it('lists what a configuration may say', async () => {
    const { code, stdout, stderr } = await run('serve', '--help-config')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^fleet\.ttlS: .*= 30$/m)
    expect(stdout).toMatch(/^queues\.<name>\.teamSize: /m)
  })

  it.each([
    ['keys', 'list'],
    ['keys', 'create', '--name', 'x', '--scope', 'server'],
    ['keys', 'revoke', 'key_06f1a2b3c4'],
    ['fsck'],
  ])('makes no data for `%s %s` where there is none', async (...words) => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-keys-'))
    try {
      const data = join(folder, 'mistyped')
      const { code, stdout, stderr } = await run(...words, '--data', data)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain(`There is no Muster data in ${data}.`)
      expect(await readdir(folder)).toEqual([])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('names what holds the root secret of a database that is named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-keys-'))
    vi.stubEnv('DATABASE_URL', 'postgres://127.0.0.1:1/nowhere')
    try {
      const { code, stderr } = await run('keys', 'list', '--data', folder)
      expect([code, stderr]).toEqual([
        1,
        `muster keys list: There is no root secret in ${folder}. Name its file with MUSTER_SECRET_FILE, or with --data or MUSTER_DATA a folder that holds it.\n`,
      ])
    } finally {
      vi.unstubAllEnvs()
      await rm(folder, { recursive: true, force: true })
    }
  })

  it.each([
    [
      ['keys', 'create', '--name', 'x', '--scope', 'root'],
      /^muster keys create: --scope: 'root' is not one of server, /,
    ],
    [
      ['keys', 'create', '--name', 'x', '--scope', 'server', '--expires', 'soon'],
      /--expires: 'soon' is not of the form/,
    ],
    ...['99999y', '999999y', '3651d'].map((life): [string[], RegExp] => [
      ['keys', 'create', '--name', 'x', '--scope', 'server', '--expires', life],
      /--expires: '\w+' is more than ten years\./,
    ]),
    [['keys', 'create', '--name', 'x'], /Missing required argument: --scope/],
    [['keys', 'revoke', 'muster_sk_1'], /is not the id of a key/],
    [['demo', '--bots', '5'], /--bots must be even/],
    [['demo', '--bots', '400'], /--bots must be a whole number from 4 to 16, but is '400'/],
    [['serve', '--port=-1'], /^muster serve: --port must be a whole number from 0 to 65535, but is -1\. See/],
    [['serve', '--log-level', 'loud'], /--log-level must be one of trace, /],
    [['serve', '--public-url', 'x.org'], /--public-url must begin with https?:/],
    [['serve', '--only', 'identity,fleets'], /--only: 'fleets' is not one of identity, /],
  ] as [string[], RegExp][])('refuses %j with 2', async (words, complaint) => {
    const { code, stdout, stderr } = await run(...words)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(complaint)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})
