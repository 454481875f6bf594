import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Prometheus figures. Names begin with `muster_`, units come last, labels have few values. */
export interface Metrics {
  registry: Registry
  counter<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Counter<Label>
  gauge<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Gauge<Label>
  histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly Label[],
  ): Histogram<Label>
}

export function createMetrics(options: { process: boolean }): Metrics {
  const registry = new Registry()
  if (options.process) collectDefaultMetrics({ register: registry, prefix: 'muster_' })
  const registers = [registry]
  /** Two parts that ask for one name share the figure, as two routers of one process do. */
  const known = <M>(name: string) => registry.getSingleMetric(`muster_${name}`) as M | undefined
  return {
    registry,
    counter: <Label extends string>(name: string, help: string, labels: readonly Label[] = []) =>
      known<Counter<Label>>(name) ??
      new Counter<Label>({ name: `muster_${name}`, help, labelNames: [...labels], registers }),
    gauge: <Label extends string>(name: string, help: string, labels: readonly Label[] = []) =>
      known<Gauge<Label>>(name) ??
      new Gauge<Label>({ name: `muster_${name}`, help, labelNames: [...labels], registers }),
    histogram: <Label extends string>(
      name: string,
      help: string,
      buckets: readonly number[],
      labels: readonly Label[] = [],
    ) =>
      known<Histogram<Label>>(name) ??
      new Histogram<Label>({
        name: `muster_${name}`,
        help,
        labelNames: [...labels],
        buckets: [...buckets],
        registers,
      }),
  }
}
