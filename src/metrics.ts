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
  const up = new Gauge({ name: 'gapwatch_store_up', help: '1 while the store answers', registers });
  /** A figure that is read from the store. While it can't be read it is absent: an old value would be untrue. */
  const stored = (name: string, help: string, read: () => Promise<Readings>, labelNames: readonly string[] = []) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        this.reset();
        const readings = await read().catch(() => null);
        up.set(readings === null ? 0 : 1);
        for (const { labels, value } of readings ?? []) this.set({ ...labels }, value);
      },
    });
  stored('gapwatch_findings', 'Things that Gapwatch found wrong with itself and that are still so', async () => one(await findings()));
  stored('gapwatch_incidents_open', 'Open incidents', async () => one(await openIncidents()));
  stored('gapwatch_jobs', 'Jobs by state', async () => labelled('state', await jobs.counts()), ['state']);
  stored(
    'gapwatch_last_incident_seconds',
    'How long things took in the latest incident, from its beginning; absent while they have not happened. gap: all its gaps together',
    async () => {
      const figures = await lastFigures();
      if (figures === null) return [];
      const { acknowledged: acknowledge, claimed: claim, privacyOfficerTold: privacy_officer, resolved: resolve, gap } = figures;
      const seconds = Object.entries({ acknowledge, claim, privacy_officer, resolve, gap }).flatMap(([measure, length]) =>
        length === null ? [] : [[measure, length / SECOND] as const],
      );
      return labelled('measure', Object.fromEntries(seconds));
    },
    ['measure'],
  );
  stored(
    'gapwatch_last_incident_updates_on_time_ratio',
    'Share of the latest incident’s updates that went out within a minute of their time',
    async () => {
      const figures = await lastFigures();
      return one(figures === null || figures.updatesDue === 0 ? 1 : figures.updatesOnTime / figures.updatesDue);
    },
  );
  return {
    observe: {
      call: (service, outcome, seconds) => calls.observe({ service, outcome }, seconds),
      deadJob: () => dead.inc(),
      repair: () => repairs.inc(),
    },
    render: async () => ({ type: registry.contentType, body: await registry.metrics() }),
  };
}

type Readings = readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];

function one(value: number): Readings {
  return [{ labels: {}, value }];
}

function labelled(name: string, values: Readonly<Record<string, number>>): Readings {
  return Object.entries(values).map(([label, value]) => ({ labels: { [name]: label }, value }));
}
