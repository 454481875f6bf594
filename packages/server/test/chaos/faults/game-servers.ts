import type { FaultKind } from './fault.ts'

export const gameServerFaults: Record<string, FaultKind> = {
  'kill -9 of a game server': ({ servers, chance }) => {
    const one = chance.pick(servers.registered)
    const lastsMs = chance.between(500, 8_000)
    return { kind: 'kill -9 of a game server', on: one.name, begin: one.kill, lastsMs, heal: one.start }
  },
  // Shorter and longer than it takes for a silent server to count as gone.
  'SIGSTOP of a game server': ({ servers, chance }) => {
    const one = chance.pick(servers.registered)
    return {
      kind: 'SIGSTOP of a game server',
      on: one.name,
      begin: one.stop,
      lastsMs: chance.between(2_000, 9_000),
      heal: one.goOn,
    }
  },
  'kill -9 of launched servers': ({ servers }) => ({
    ...{ kind: 'kill -9 of launched servers', on: 'those that run', lastsMs: 0, heal: () => undefined },
    begin: servers.killLaunched,
  }),
}
