import type { Metrics } from '../../platform/metrics.ts'
import { type LiveState, liveStates } from './domain.ts'
import type { KeptSession } from './store.ts'

/** What is counted of sessions. */
export interface Figures {
  opened(session: { kind: string; mode: string }): void
  loading(session: Pick<KeptSession, 'mode' | 'requestedAt'>, at: number): void
  ended(session: Pick<KeptSession, 'mode'>, state: string, cause: string | null): void
  live(counts: ReadonlyMap<LiveState, number>): void
  ticketIssued(): void
}

export function sessionFigures(metrics: Metrics): Figures {
  const opened = metrics.counter('sessions_opened_total', 'Sessions opened, by kind and mode', ['kind', 'mode'])
  const ended = metrics.counter('sessions_ended_total', 'Sessions ended, by mode, outcome and cause', [
    'mode',
    'state',
    'cause',
  ])
  const live = metrics.gauge('sessions_live', 'Sessions that have not ended, by state', ['state'])
  const tickets = metrics.counter('sessions_tickets_issued_total', 'Tickets issued')
  const loading = metrics.histogram(
    'sessions_server_wait_seconds',
    'From the opening of a session until its server was ready',
    [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    ['mode'],
  )
  return {
    opened: ({ kind, mode }) => opened.inc({ kind, mode }),
    loading: ({ mode, requestedAt }, at) => loading.observe({ mode }, Math.max(0, at - requestedAt) / 1_000),
    ended: ({ mode }, state, cause) => ended.inc({ mode, state, cause: cause ?? 'none' }),
    live(counts) {
      for (const state of liveStates) live.set({ state }, counts.get(state) ?? 0)
    },
    ticketIssued: () => tickets.inc(),
  }
}
