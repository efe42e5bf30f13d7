import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { SECOND } from '#domain/base/time.ts';
import { type Figures, figuresOf } from '#domain/incident/figures.ts';
import type { Database } from '#store/database.ts';
import { lastDelivery } from '#store/deliveries.ts';
import { currentIncident, incidentNumbers, loadEvents } from '#store/event-store.ts';
import { loadFindings } from '#store/findings.ts';
import type { Jobs } from '#store/jobs.ts';
import { loadWatch } from '#store/watch.ts';
import type { Observe } from '#workflows/context.ts';
import { openWatchMetrics } from './watch-metrics.ts';

export type Metrics = { readonly observe: Observe; readonly render: () => Promise<{ readonly type: string; readonly body: string }> };

/** Gapwatch's own figures for Prometheus, and what the watch sees. What is read from the store is read when somebody asks. */
export function openMetrics(database: Database, jobs: Pick<Jobs, 'counts' | 'lateness'>, now: () => Date): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const showWatch = openWatchMetrics(registry);
  const outbox = new Histogram({
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
  stored('gapwatch_findings', 'Things that Gapwatch found wrong with itself and that are still so', async () =>
    one((await loadFindings(database)).length),
  );
  stored(
    'gapwatch_finding',
    'One for each of them, by name: webhooks, socket-mode, slack, alerts, jobs, records, signals',
    async () => labelled('name', Object.fromEntries((await loadFindings(database)).map(({ name }) => [name, 1]))),
    ['name'],
  );
  stored('gapwatch_incidents_open', 'Open incidents', async () => one((await incidentNumbers(database, 'open')).length));
  stored('gapwatch_jobs_late_seconds', 'How long the job that is due longest has waited for a worker', async () =>
    one((await jobs.lateness()) / SECOND),
  );
  stored('gapwatch_last_webhook_timestamp_seconds', 'When the last webhook of PagerDuty came', async () => {
    const last = await lastDelivery(database);
    return last === null ? [] : one(last.getTime() / SECOND);
  });
  stored('gapwatch_jobs', 'Jobs by state', async () => labelled('state', await jobs.counts()), ['state']);
  stored(
    'gapwatch_last_incident_seconds',
    'How long things took in the latest incident, from its beginning; absent while they have not happened. gap: all its gaps together; unaccounted: what the table still lacks of them',
    async () => {
      const figures = await lastFigures(database, now());
      if (figures === null) return [];
      const {
        acknowledged: acknowledge,
        claimed: claim,
        privacyOfficerTold: privacy_officer,
        resolved: resolve,
        gap,
        unaccounted,
      } = figures;
      const seconds = Object.entries({ acknowledge, claim, privacy_officer, resolve, gap, unaccounted }).flatMap(([measure, length]) =>
        length === null ? [] : [[measure, length / SECOND] as const],
      );
      return labelled('measure', Object.fromEntries(seconds));
    },
    ['measure'],
  );
  stored(
    'gapwatch_last_incident_updates_on_time_ratio',
    'Share of the latest incident’s updates that went out within a minute of their time; absent while none was due',
    async () => {
      const figures = await lastFigures(database, now());
      return figures === null || figures.updatesDue === 0 ? [] : one(figures.updatesOnTime / figures.updatesDue);
    },
  );
  return {
    observe: {
      delivery: (service, outcome, seconds) => outbox.observe({ service, outcome }, seconds),
      deadJob: () => dead.inc(),
      repair: () => repairs.inc(),
    },
    render: async () => {
      showWatch(await loadWatch(database).catch(() => null));
      return { type: registry.contentType, body: await registry.metrics() };
    },
  };
}

async function lastFigures(database: Database, now: Date): Promise<Figures | null> {
  const latest = await currentIncident(database);
  return latest === null ? null : figuresOf(await loadEvents(database, latest), now);
}

type Readings = readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];

function one(value: number): Readings {
  return [{ labels: {}, value }];
}

function labelled(name: string, values: Readonly<Record<string, number>>): Readings {
  return Object.entries(values).map(([label, value]) => ({ labels: { [name]: label }, value }));
}
