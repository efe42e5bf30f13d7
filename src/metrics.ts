import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Jobs } from '#store/jobs.ts';
import type { Observe } from '#workflows/house.ts';

export type Metrics = { readonly observe: Observe; readonly render: () => Promise<{ readonly type: string; readonly body: string }> };

/** Gapwatch's own figures for Prometheus. */
export function openMetrics(jobs: Pick<Jobs, 'counts'>, openIncidents: () => Promise<number>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const calls = new Histogram({
    name: 'gapwatch_call_seconds',
    help: 'Calls outward by service and outcome',
    labelNames: ['service', 'outcome'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const dead = new Counter({ name: 'gapwatch_jobs_given_up_total', help: 'Jobs given up after their last attempt', registers });
  new Gauge({
    name: 'gapwatch_jobs',
    help: 'Jobs by state',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const [state, count] of Object.entries(await jobs.counts())) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'gapwatch_incidents_open',
    help: 'Open incidents',
    registers,
    async collect() {
      this.set(await openIncidents());
    },
  });
  return {
    observe: {
      call: (service, outcome, seconds) => calls.observe({ service, outcome }, seconds),
      deadJob: () => dead.inc(),
    },
    render: async () => ({ type: registry.contentType, body: await registry.metrics() }),
  };
}
