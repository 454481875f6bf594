import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConfigInput, configSchema, loadConfig, readConfig, readMachine } from './config.ts'

const launch = { command: ['node', 'server.js'], ports: [41_000, 41_009] as [number, number], processesMax: 5 }
const good: ConfigInput = {
  modes: { duel: { server: { launch } } },
  boards: { duel: { rating: { system: 'elo' } } as never },
  queues: { duel: { mode: 'duel', board: 'duel' } },
}
const acme = { kind: 'oidc', issuer: 'https://idp.example', clientId: 'game' }
const read = (config: unknown) => readConfig(config, 'muster.config.ts', '/games')

describe('the options', () => {
  const patternsIn = (part: unknown, place = ''): [string, object][] =>
    typeof part !== 'object' || part === null
      ? []
      : [
          ...('pattern' in part && typeof part.pattern === 'string' ? [[place, part] as [string, object]] : []),
          ...Object.entries(part).flatMap(([name, held]) => patternsIn(held, `${place}/${name}`)),
        ]

  it('say in words what each pattern asks for', () => {
    const patterns = patternsIn(configSchema)
    expect(patterns.length).toBeGreaterThan(10)
    expect(patterns.filter(([, part]) => !('form' in part)).map(([place]) => place)).toEqual([])
  })
})

describe('a configuration', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-config-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('needs only what it changes', () => {
    const config = read(good)
    expect(config.modes.duel?.server.launch).toMatchObject({ cwd: '/games', publicHost: '127.0.0.1' })
    expect(config.queues.duel).toMatchObject({ teams: 2, teamSize: 1, acceptTimeoutS: 15, window: { initial: 100 } })
    expect(config.boards.duel?.rating).toMatchObject({ system: 'elo', k: 32 })
    expect(read({}).fleet.ttlS).toBe(30)
  })

  it.each<[string, unknown, RegExp]>([
    ['an unknown option', { ...good, queue: {} }, /no such option: queue/],
    ['an unknown mode', { ...good, queues: { duel: { mode: 'duell' } } }, /queues\.duel\.mode: there is no mode duell/],
    ['an unknown board', { ...good, boards: {} }, /queues\.duel\.board: there is no board duel/],
    [
      'a wrong parameter',
      { ...good, boards: { duel: { rating: { system: 'elo', kk: 3 } } } },
      /boards\.duel\.rating\.kk/,
    ],
    ['an unknown system', { ...good, boards: { duel: { rating: { system: 'chess' } } } }, /'chess' is not one of elo/],
    ['too few ports', { modes: { duel: { server: { launch: { ...launch, processesMax: 50 } } } } }, /ports: 10 ports/],
    ['a wrong type', { ...good, fleet: { ttlS: 'long' } }, /fleet\.ttlS: must be number, but is "long"/],
    [
      'an unknown kind of provider',
      { identity: { providers: { acme: { kind: 'saml' } } } },
      /identity\.providers\.acme\.kind: must be oidc or steam/,
    ],
    [
      'a provider without what it needs',
      { identity: { providers: { acme: { kind: 'oidc', issuer: 'https://a.example' } } } },
      /identity\.providers\.acme\.clientId/,
    ],
    [
      'a provider’s option that there is not',
      { identity: { providers: { steam: { kind: 'steam', appId: 1, keyFile: 'k', key: 'x' } } } },
      /identity\.providers\.steam\.key: /,
    ],
    [
      'a signature that shares its key',
      { identity: { providers: { acme: { ...acme, algorithms: ['HS256'] } } } },
      /identity\.providers\.acme\.algorithms\.0: must be one of RS256, .*, Ed25519, but is "HS256"/,
    ],
    ...['http://idp.example', 'ftp://idp.example', 'https://me:x@idp.example', 'https://idp.example?x=1', 'idp'].map(
      (issuer): [string, unknown, RegExp] => [
        `the issuer ${issuer}`,
        { identity: { providers: { acme: { ...acme, issuer } } } },
        /identity\.providers\.acme\.issuer: must be an https address/,
      ],
    ),
    ['a strange provider', { identity: { providers: { 'a b': acme } } }, /identity\.providers\.a b: a name has/],
    [
      'an address that is none',
      { dialects: { matchServersAllowed: ['10.0.0.0/8'] } },
      /dialects\.matchServersAllowed: "10\.0\.0\.0\/8" is no host or network with its ports/,
    ],
    [
      'an unknown mode of match servers',
      { ...good, dialects: { matchServerModes: ['arena'] } },
      /dialects\.matchServerModes: there is no mode arena/,
    ],
    [
      'match servers that are hardly looked after',
      { dialects: { matchServersAllowed: ['10.0.0.1:7000'], probeEveryS: 16 } },
      /dialects\.probeEveryS: must be at most half of fleet\.ttlS, which is 30/,
    ],
    ...['169.254.169.254:80', '[::ffff:1.2.3.4]:80', '224.0.0.0/8:7000'].map((entry): [string, unknown, RegExp] => [
      `an address that is never connected to, ${entry}`,
      { dialects: { matchServersAllowed: ['[::1]:7000', '0.0.0.0/0:7000', '127.0.0.1:7000', entry] } },
      /^.*:\n {2}dialects\.matchServersAllowed: "\S+" is never connected to: .*$/,
    ]),
    [
      'a mode of match servers that takes none',
      { ...good, dialects: { matchServerModes: ['duel'] } },
      /dialects\.matchServerModes: duel takes no servers that register: see modes\.duel\.server\.registered/,
    ],
    [
      'a region twice',
      { ...good, queues: { duel: { mode: 'duel', regions: ['eu', 'eu'] } } },
      /queues\.duel\.regions: must not have duplicate items/,
    ],
    [
      'a match of one',
      { modes: { duel: { server: {} } }, queues: { c: { mode: 'duel', teams: 1 } } },
      /^ {2}queues\.c\.teams: must make, with teamSize, a match of from 2 to 256 players$/m,
    ],
    ['a strange name', { modes: { 'my duel': { server: {} } } }, /modes\.my duel: a name has/],
    ['an unknown option at the top', { bogus: 1 }, /^ {2}top level: no such option: bogus$/m],
    [
      'a word that is none of those',
      { fleet: { onStop: 'maybe' } },
      /onStop: must be one of keep, drain, kill, but is "m/,
    ],
    [
      'one port instead of two',
      { modes: { duel: { server: { launch: { ...launch, ports: [43_000] } } } } },
      /launch\.ports: must be 2 numbers \(First and last port .*\), but has 1$/m,
    ],
    [
      'three ports instead of two',
      { modes: { duel: { server: { launch: { ...launch, ports: [43_000, 43_001, 43_002] } } } } },
      /launch\.ports: must be 2 numbers \(First and last port .*\), but has 3$/m,
    ],
    [
      'a proxy that is none',
      { http: { trustedProxies: ['nonsense'] } },
      /http\.trustedProxies\.0: "nonsense" is neither/,
    ],
    ['a network of too many bits', { http: { trustedProxies: ['::1', '10.0.0.0/33'] } }, /trustedProxies\.1: /],
    [
      'beats slower than the TTL',
      { fleet: { ttlS: 1, heartbeatIntervalS: 50 } },
      /fleet\.ttlS: 1 is not above heartbeat/,
    ],
    [
      'a pattern, in words',
      { modes: { duel: { transport: 'netcode', netcode: { protocolId: '12', internalHost: 'here' } } } },
      /netcode\.protocolId: must be 0x and 1 to 16 hexadecimal digits, but is "12"\n.*internalHost: must be an IP address, but is "here"/,
    ],
    [
      'nothing for a program, and that once',
      { modes: { duel: { server: { launch: { ...launch, command: [''] } } } } },
      /can run:\n {2}modes\.duel\.server\.launch\.command\.0: must not have fewer than 1 characters, but is ""$/,
    ],
    [
      'launcher beats slower than the TTL',
      { fleet: { ttlS: 3, heartbeatIntervalS: 1 } },
      /fleet\.ttlS: 3 is not above launchB/,
    ],
    [
      'no servers at all',
      { modes: { duel: { server: { registered: false } } } },
      /duel\.server\.registered: without it/,
    ],
    [
      'a cluster that there is not',
      { modes: { duel: { server: { agones: { cluster: 'eu' } } } } },
      /modes\.duel\.server\.agones\.cluster: there is no cluster eu/,
    ],
    [
      'a cluster without TLS, looked at too seldom',
      { fleet: { clusters: { eu: { kubernetes: { url: 'http://10.0.0.1' }, lookEveryS: 20 } } } },
      /clusters\.eu\.kubernetes\.url: must be https[\s\S]*clusters\.eu\.lookEveryS: twice 20/,
    ],
    [
      'an Agones SDK where game servers are to listen',
      { modes: { duel: { server: { launch: { ...launch, agones: { ports: [41_009, 41_020] } } } } } },
      /duel\.server\.launch\.agones\.ports: 41009 to 41020 meets the ports of servers of duel, 41000 to 41009/,
    ],
    [
      'too few ports for Agones SDKs',
      { modes: { duel: { server: { launch: { ...launch, processesMax: 2, agones: { ports: [9_400, 9_400] } } } } } },
      /duel\.server\.launch\.agones\.ports: 1 ports are too few for 2/,
    ],
    [
      'more players than ever come',
      { ...good, modes: { duel: { server: { launch }, playersMin: 9 } } },
      /modes\.duel\.playersMin: 9 never come: .* 2 at most/,
    ],
  ])('is refused with %s, by place and reason', (_, config, words) => {
    expect(() => read(config)).toThrow(words)
    expect(() => read(config)).toThrow(/muster\.config\.ts/)
  })

  it('is told every mistake at once, whatever kind it is', () => {
    const wrong = {
      modes: { duel: { server: { launch: { ...launch, processesMax: 50 } } } },
      queues: {
        'bad name!': { mode: 'duel' },
        duel: { mode: 'duell', board: 'dul' },
        team: { mode: 'nosuch', board: 'none', teams: 0, window: { initial: 200, max: 100 } },
        wide: { mode: 'duel', teams: 1, window: { initial: 'far' } },
      },
      boards: { duel: { rating: { system: 'elo', kk: 3 } }, other: { rating: 'elo' } },
      http: { bodyBytesMax: 'big', trustedProxies: ['nonsense'] },
      bogus: 1,
    }
    const told = () => read(wrong)
    for (const words of [
      /^ {2}top level: no such option: bogus$/m,
      /^ {2}queues\.team\.teams: must be >= 1, but is 0$/m,
      /^ {2}queues\.team\.mode: there is no mode nosuch$/m,
      /^ {2}queues\.team\.board: there is no board none$/m,
      /^ {2}queues\.team\.window\.max: must not be below window\.initial$/m,
      /^ {2}queues\.wide\.teams: must make/m,
      /^ {2}queues\.wide\.window\.initial: must be number, but is "far"$/m,
      /^ {2}queues\.bad name!: a name has/m,
      /^ {2}queues\.duel\.mode: there is no mode duell$/m,
      /^ {2}queues\.duel\.board: there is no board dul$/m,
      /^ {2}modes\.duel\.server\.launch\.ports: 10 ports are too few/m,
      /^ {2}boards\.duel\.rating\.kk: elo has no such option/m,
      /^ {2}boards\.other\.rating: must be object, but is "elo"$/m,
      /^ {2}http\.bodyBytesMax: must be integer, but is "big"$/m,
      /^ {2}http\.trustedProxies\.0: /m,
    ]) {
      expect(told).toThrow(words)
    }
    expect(told).not.toThrow(/undefined|Cannot read/)
  })

  it('may trust proxies by address, by network and by name', () => {
    const trustedProxies = ['loopback', '10.0.0.7', '10.0.0.0/8', '::1', 'fc00::/7']
    expect(read({ http: { trustedProxies } }).http.trustedProxies).toEqual(trustedProxies)
  })

  it('fills in what a sign-in provider leaves out, and finds its files beside the configuration', () => {
    const steam = { kind: 'steam', appId: 480, keyFile: 'steam.key' }
    const { providers } = read({
      identity: { providers: { acme: { ...acme, clientSecretFile: 's' }, steam } },
    }).identity
    expect(providers.acme).toMatchObject({ nonce: 'optional', hosts: [], clientSecretFile: '/games/s' })
    expect(providers.steam).toMatchObject({ keyFile: '/games/steam.key', familySharing: true, allowVacBanned: false })
    expect(
      read({ identity: { providers: { local: { ...acme, issuer: 'http://localhost:8080/realm' } } } }),
    ).toBeTruthy()
  })

  it('is told of secrets that cannot be read together with all else, where somebody needs them', async () => {
    const file = join(folder, 'secrets.config.json')
    await writeFile(join(folder, 'empty.key'), '\n')
    const providers = {
      acme: { ...acme, clientSecretFile: 'none.key' },
      steam: { kind: 'steam', appId: 480, keyFile: 'empty.key' },
    }
    await writeFile(file, JSON.stringify({ identity: { providers } }))
    expect((await loadConfig(file)).identity.providers).toHaveProperty('acme')
    const wrong = { ...providers, wrong: { ...acme, algorithms: ['none'] } }
    await writeFile(file, JSON.stringify({ identity: { providers: wrong }, bogus: 1 }))
    const told = await loadConfig(file, { secrets: true }).catch((error: Error) => error.message)
    expect(String(told).split('\n')).toEqual([
      `${file} is not a configuration that Muster can run:`,
      expect.stringMatching(/^ {2}identity\.providers\.wrong\.algorithms\.0: must be one of RS256, /),
      '  top level: no such option: bogus',
      `  identity.providers.acme.clientSecretFile: ${join(folder, 'none.key')} cannot be read`,
      `  identity.providers.steam.keyFile: ${join(folder, 'empty.key')} is empty`,
    ])
  })

  it('is read from TypeScript', async () => {
    const config = await loadConfig(fileURLToPath(new URL('../../../muster.config.ts', import.meta.url)))
    expect(Object.keys(config.queues)).toEqual(['duel'])
  })

  it('says what is wrong with the file itself', async () => {
    const broken = join(folder, 'broken.config.ts')
    await writeFile(broken, 'export default { modes: ')
    await expect(loadConfig(broken)).rejects.toThrow(/broken\.config\.ts/)
    await expect(loadConfig(join(folder, 'none.ts'))).rejects.toThrow(/there is no such file/)
    const unnamed = join(folder, 'unnamed.config.ts')
    await writeFile(unnamed, 'export const config = {}')
    await expect(loadConfig(unnamed)).rejects.toThrow(/it has no default export/)
    const empty = join(folder, 'empty.config.ts')
    await writeFile(empty, "import { defineConfig } from '@muster/server'\nexport default defineConfig(null as never)")
    await expect(loadConfig(empty)).rejects.toThrow(/empty\.config\.ts.*\n {2}top level: must be an object of options$/)
    const throwing = join(folder, 'throwing.config.ts')
    await writeFile(throwing, "const name: string = 'x'\n\nthrow new Error('my own mistake')\n")
    await expect(loadConfig(throwing)).rejects.toThrow(/throwing\.config\.ts.*\n {2}line 3(:\d+)?: my own mistake$/)
    const common = join(folder, 'common.config.cjs')
    await writeFile(common, 'module.exports = { fleet: { ttlS: 40 } }')
    expect((await loadConfig(common)).fleet.ttlS).toBe(40)
  })
})

describe('a machine’s settings', () => {
  it('come from flags, then the environment, then defaults', () => {
    const machine = readMachine({ port: '4000' }, { PORT: '5000', HOST: '0.0.0.0', REDIS_URL: '' })
    expect(machine).toMatchObject({ port: 4_000, host: '0.0.0.0', data: './data', redisUrl: '' })
  })

  it('may stand in files', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'muster-url-')), 'url')
    await writeFile(file, 'postgres://db\n')
    expect(readMachine({}, { DATABASE_URL_FILE: file }).databaseUrl).toBe('postgres://db')
    expect(() => readMachine({}, { DATABASE_URL_FILE: `${file}x` })).toThrow(/DATABASE_URL_FILE: there is no file/)
  })

  it.each([
    [{ PORT: '70000' }, /PORT: must be a whole number from 0 to 65535, but is 70000/],
    [{ MUSTER_LOG_LEVEL: 'loud' }, /MUSTER_LOG_LEVEL: must be one of/],
    [{ MUSTER_PUBLIC_URL: 'play.example.com' }, /MUSTER_PUBLIC_URL: must begin with http/],
    [{ MUSTER_LOG_FORMAT: 'xml' }, /MUSTER_LOG_FORMAT: must be one of json, pretty/],
    [{ DATABASE_URL: 'mysql://db/muster' }, /DATABASE_URL: must be postgres:/],
    [{ REDIS_URL: 'http://cache' }, /REDIS_URL: must be redis:/],
  ])('are refused: %j', (environment, words) => {
    expect(() => readMachine({}, environment)).toThrow(words)
  })
})
