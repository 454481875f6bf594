import { defineConfig } from '@muster/server'

/** The games that come with Muster: duels, one against one, and raids among friends, each on a server process of its own. */
export default defineConfig({
  modes: {
    duel: {
      server: {
        launch: { command: ['node', 'examples/duel/dist/server.js'], ports: [41_000, 41_099], processesMax: 16 },
      },
      loadingTimeoutS: 30,
      durationMaxS: 600,
    },
    raid: {
      server: {
        launch: { command: ['node', 'examples/coop/dist/server.js'], ports: [41_100, 41_149], processesMax: 8 },
      },
      private: { playersMax: 4, lobbyS: 900 },
      durationMaxS: 600,
    },
  },
  boards: { duel: { rating: { system: 'glicko2' } } },
  queues: {
    duel: {
      mode: 'duel',
      teams: 2,
      teamSize: 1,
      board: 'duel',
      acceptTimeoutS: 10,
      window: { initial: 100, perSecond: 100, max: 2_000 },
    },
  },
})
