import { PassThrough } from 'node:stream'
import { Refusal } from '@muster/protocol'
import { defineCommand } from 'citty'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../platform/options.ts'
import { type Command, CommandRefusal, type Streams } from './command.ts'
import { runCommandLine } from './command-line.ts'

const seen: Record<string, unknown>[] = []
const throwing = (error: unknown) =>
  defineCommand({
    meta: { name: 'fail', description: 'Fails' },
    run: () => {
      throw error
    },
  }) as Command

const root = Object.assign(
  defineCommand({
    meta: { name: 'muster', version: '1.2.3', description: 'All of it' },
    subCommands: {
      serve: async () =>
        Object.assign(
          defineCommand({
            meta: { name: 'serve', description: 'Run the server' },
            args: {
              port: { type: 'string', description: 'Where to listen' },
              'log-level': { type: 'string', alias: 'l', description: 'How much is said' },
              json: { type: 'boolean', description: 'As JSON' },
            },
            run: ({ args }) => void seen.push(args),
          }),
          { details: 'ENVIRONMENT\n\n  PORT  where to listen' },
        ),
      keys: defineCommand({
        meta: { name: 'keys', description: 'API keys' },
        subCommands: {
          revoke: defineCommand({
            meta: { name: 'revoke', description: 'Revoke one' },
            args: { id: { type: 'positional', required: true, description: 'Which' } },
            run: ({ args }) => void seen.push(args),
          }),
        },
      }),
      refuse: throwing(new CommandRefusal('it cannot be done.')),
      misconfigured: throwing(new ConfigError('muster.config.ts', ['queues.duel: no such option: team'])),
      refused: throwing(new Refusal('UNAVAILABLE')),
      lost: throwing(new Refusal('OUTCOME_UNKNOWN', { cause: new Error('Connection terminated unexpectedly') })),
      stopped: throwing(new Refusal('UNAVAILABLE', { cause: Object.assign(new Error('going'), { code: '57P03' }) })),
      unreachable: throwing(
        new Error('outer', { cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) }),
      ),
      broken: throwing(new TypeError('x is not a function')),
      wordy: defineCommand({
        meta: { name: 'wordy', description: 'Ends with a code of its own' },
        run: () => {
          process.exitCode = 3
        },
      }),
    },
  }),
  { details: 'It ends with 0.' },
) as Command

async function typed(line: string) {
  const collect = () => {
    let text = ''
    const stream = new PassThrough().on('data', (data) => {
      text += data
    })
    return { stream, text: () => text }
  }
  const [out, err] = [collect(), collect()]
  const streams: Streams = { stdin: new PassThrough(), stdout: out.stream, stderr: err.stream }
  seen.length = 0
  const exitCode = process.exitCode
  const code = await runCommandLine(root, line.split(' ').filter(Boolean), streams)
  process.exitCode = exitCode
  return { code, out: out.text(), err: err.text() }
}

describe('the command line', () => {
  it('runs what was typed, with its options', async () => {
    expect((await typed('serve --port 4000 --log-level=debug --json')).code).toBe(0)
    expect(seen).toMatchObject([{ port: '4000', 'log-level': 'debug', json: true }])
    await typed('serve -l trace --no-json')
    expect(seen).toMatchObject([{ 'log-level': 'trace', json: false }])
    await typed('keys revoke key_1')
    expect(seen).toMatchObject([{ id: 'key_1' }])
  })

  it('ends with the code that a command says', async () => {
    expect((await typed('wordy')).code).toBe(3)
  })

  it.each(['', '--help', '-h', 'help'])(
    'shows all commands for «%s», without colours outside a terminal',
    async (line) => {
      const { code, out } = await typed(line)
      expect(code).toBe(0)
      expect(out).toContain('All of it (muster v1.2.3)')
      expect(out).toMatch(/serve {2,}Run the server/)
      expect(out).toContain('It ends with 0.')
      expect(out).not.toContain('\u001B')
    },
  )

  it.each(['serve --help', 'serve -h', 'help serve', 'serve --port 1 --help'])(
    'explains one for «%s»',
    async (line) => {
      const { code, out } = await typed(line)
      expect(code).toBe(0)
      expect(out).toMatch(/Run the server \(muster serve/)
      expect(out).toContain('--port')
      expect(out).toContain('ENVIRONMENT\n\n  PORT  where to listen')
      expect(seen).toEqual([])
    },
  )

  it('names a nested command by its whole path', async () => {
    expect((await typed('keys revoke --help')).out).toContain('USAGE muster keys revoke')
  })

  it('tells half a command how it goes on, and fails it with 2', async () => {
    expect(await typed('keys')).toEqual({ code: 2, out: '', err: expect.stringContaining('USAGE muster keys revoke') })
  })

  it('tells its version', async () => {
    expect(await typed('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' })
  })

  it.each([
    ['srve', "muster: 'srve': there is no such command. Did you mean serve? See muster --help.\n"],
    ['dance', /'dance': there is no such command\. The commands are serve, keys, /],
    ['keys make', "muster keys: 'make': there is no such command. The commands are revoke. See muster keys --help.\n"],
    [
      'serve --prot 3',
      'muster serve: --prot: there is no such option. Did you mean --port? See muster serve --help.\n',
    ],
    ['serve --colour', /--colour: there is no such option\. See/],
    ['serve -x', /-x: there is no such option/],
    ['serve -port 3', /-port: there is no such option. Did you mean --port\?/],
    ['serve --port', /--port needs a value\./],
    ['serve --json=maybe', /--json takes no value, but was given 'maybe'\./],
    ['serve now', /'now': there is nothing that this word could mean here\./],
    ['serve -- now', /'now': there is nothing/],
    ['keys revoke', /Missing required positional argument: ID\. See muster keys revoke --help/],
    ['keys revoke a b', /'b': there is nothing/],
    ['--json', /--json: there is no such option/],
  ])('refuses «%s» with 2, and says how it goes', async (line, words) => {
    const { code, out, err } = await typed(line)
    expect(code).toBe(2)
    expect(out).toBe('')
    if (typeof words === 'string') expect(err).toBe(words)
    else expect(err).toMatch(words)
    expect(err.endsWith('--help.\n')).toBe(true)
    expect(seen).toEqual([])
  })

  it.each([
    ['refuse', 'muster refuse: it cannot be done.\n'],
    [
      'misconfigured',
      'muster misconfigured: muster.config.ts is not a configuration that Muster can run:\n  queues.duel: no such option: team\n',
    ],
    ['refused', /^muster refused: A store that this call needs does not answer/],
    ['lost', 'muster lost: A store was lost meanwhile: Connection terminated unexpectedly. Start it again.\n'],
    ['stopped', /^muster stopped: The database cannot be used: it is starting up/],
    ['unreachable', /^muster unreachable: The database cannot be used: nothing answers there/],
  ])('says without a stack why «%s» failed', async (line, words) => {
    const { code, err } = await typed(line)
    expect(code).toBe(1)
    if (typeof words === 'string') expect(err).toBe(words)
    else expect(err).toMatch(words)
    expect(err).not.toMatch(/\n\s+at /)
  })

  it('shows the stack of what is our own mistake', async () => {
    const { code, err } = await typed('broken')
    expect(code).toBe(1)
    expect(err).toMatch(/^TypeError: x is not a function\n\s+at /)
  })
})
