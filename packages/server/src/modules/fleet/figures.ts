import type { Metrics } from '../../platform/metrics.ts'
import type { Ending } from './domain.ts'

/** What the fleet is measured by. */
export interface Figures {
  servers(counts: ReadonlyMap<'starting' | 'ready' | 'allocated' | 'draining', number>): void
  allocated(how: 'reserved' | 'launched' | 'cluster'): void
  refused(how: 'reserved' | 'launched' | 'cluster'): void
  launched(): void
  launchReady(seconds: number): void
  launchFailed(cause: Ending): void
  gone(cause: Ending, count: number): void
  processes(count: number): void
}

export function createFigures(metrics: Metrics): Figures {
  const servers = metrics.gauge('servers', 'Live game servers, by state', ['state'])
  const allocations = metrics.counter('allocations_total', 'Sessions that were given a server', ['how'])
  const refusals = metrics.counter('allocations_refused_total', 'Times that no server had room', ['how'])
  const launches = metrics.counter('server_launches_total', 'Game server processes started')
  const launchSeconds = metrics.histogram(
    'server_launch_seconds',
    'Time from asking for a process to its being ready',
    [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30],
  )
  const failures = metrics.counter('server_launch_failures_total', 'Launched servers that never were ready', ['cause'])
  const gone = metrics.counter('servers_gone_total', 'Servers that went, by cause; `silent` fell silent', ['cause'])
  const processes = metrics.gauge('server_processes', 'Game server processes that this machine looks after')
  return {
    servers(counts) {
      for (const state of ['starting', 'ready', 'allocated', 'draining'] as const) {
        servers.set({ state }, counts.get(state) ?? 0)
      }
    },
    allocated: (how) => allocations.inc({ how }),
    refused: (how) => refusals.inc({ how }),
    launched: () => launches.inc(),
    launchReady: (seconds) => launchSeconds.observe(seconds),
    launchFailed: (cause) => failures.inc({ cause }),
    gone: (cause, count) => gone.inc({ cause }, count),
    processes: (count) => processes.set(count),
  }
}
