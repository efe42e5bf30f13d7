import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Figures } from '#domain/incident/figures.ts';
import { SECOND } from '#domain/time.ts';
import type { Jobs } from '#store/jobs.ts';
import type { Observe } from '#workflows/house.ts';

export type Metrics = { readonly observe: Observe; readonly render: () => Promise<{ readonly type: string; readonly body: string }> };

/** What is read from the store when somebody asks. */
type Sources = {
  readonly openIncidents: () => Promise<number>;
  readonly lastFigures: () => Promise<Figures | null>;
  readonly findings: () => Promise<number>;
};

/** Gapwatch's own figures for Prometheus. */
export function openMetrics(jobs: Pick<Jobs, 'counts'>, { openIncidents, lastFigures, findings }: Sources): Metrics {
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
  const repairs = new Counter({
    name: 'gapwatch_repairs_total',
    help: 'Timers that had not fired and whose work was done late',
    registers,
  });
  new Gauge({
    name: 'gapwatch_findings',
    help: 'Things that Gapwatch found wrong with itself and that are still so',
    registers,
    async collect() {
      this.set(await findings());
    },
  });
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
  new Gauge({
    name: 'gapwatch_last_incident_seconds',
    help: 'How long things took in the latest incident, from its beginning; absent while they have not happened. gap: all its gaps together',
    labelNames: ['measure'],
    registers,
    async collect() {
      this.reset();
      const figures = await lastFigures();
      if (figures === null) return;
      const { acknowledged: acknowledge, claimed: claim, privacyOfficerTold: privacy_officer, resolved: resolve, gap } = figures;
      for (const [measure, length] of Object.entries({ acknowledge, claim, privacy_officer, resolve, gap }))
        if (length !== null) this.set({ measure }, length / SECOND);
    },
  });
  new Gauge({
    name: 'gapwatch_last_incident_updates_on_time_ratio',
    help: 'Share of the latest incident’s updates that went out within a minute of their time',
    registers,
    async collect() {
      const figures = await lastFigures();
      this.set(figures === null || figures.updatesDue === 0 ? 1 : figures.updatesOnTime / figures.updatesDue);
    },
  });
  return {
    observe: {
      call: (service, outcome, seconds) => calls.observe({ service, outcome }, seconds),
      deadJob: () => dead.inc(),
      repair: () => repairs.inc(),
    },
    render: async () => ({ type: registry.contentType, body: await registry.metrics() }),
  };
}
