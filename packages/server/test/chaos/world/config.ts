/** The queues of the run. Each pairs whoever waits, so that nobody waits for want of a fitting opponent. */
export const queues = { registered: 'arena', launched: 'duel' } as const

/** As usual, but for spans that would make a short run wait: servers that fall silent, players who do not come. */
export function chaosConfig(node: number, gameServer: string, folder: string): object {
  const ports = [30_000 + node * 100, 30_000 + node * 100 + 99]
  const play = { loadingTimeoutS: 25, durationMaxS: 60, allocateWaitS: 5, readyTimeoutS: 15 }
  const queue = { acceptTimeoutS: 6, window: { initial: 10_000 }, declinePause: { free: 1_000 } }
  return {
    modes: {
      arena: { ...play, server: { registered: true } },
      duel: {
        ...play,
        server: {
          launch: {
            ...{ command: [process.execPath, gameServer, folder], ports, processesMax: 6 },
            ...{ readyTimeoutS: 15, lingerS: 1, stopGraceS: 2 },
          },
        },
      },
    },
    boards: { arena: { rating: { system: 'glicko2' } }, duel: { rating: { system: 'openskill' } } },
    queues: {
      [queues.registered]: { ...queue, mode: 'arena', board: 'arena' },
      [queues.launched]: { ...queue, mode: 'duel', board: 'duel' },
    },
    // Everybody comes from one address here.
    http: { requestsPerMinute: 60_000, trustedProxies: ['127.0.0.1'] },
    identity: { guestsPerMinute: 60_000, registrationsPerMinute: 60_000 },
    sessions: { ticketsPerMinute: 600 },
    fleet: { heartbeatIntervalS: 2, ttlS: 6, launchBeatS: 1 },
    matchmaking: { noServerHold: { firstS: 1, maxS: 4 } },
  }
}
