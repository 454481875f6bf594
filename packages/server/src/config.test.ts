import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConfigInput, loadConfig, readConfig, readMachine } from './config.ts'

const launch = { command: ['node', 'server.js'], ports: [41_000, 41_009] as [number, number], processesMax: 5 }
const good: ConfigInput = {
  modes: { duel: { server: { launch } } },
  boards: { duel: { rating: { system: 'elo' } } as never },
  queues: { duel: { mode: 'duel', board: 'duel' } },
}
const read = (config: unknown) => readConfig(config, 'muster.config.ts', '/games')

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
    ['a strange name', { modes: { 'my duel': { server: {} } } }, /modes\.my duel: a name has/],
  ])('is refused with %s, by place and reason', (_, config, words) => {
    expect(() => read(config)).toThrow(words)
    expect(() => read(config)).toThrow(/muster\.config\.ts/)
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
