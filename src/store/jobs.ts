import { type Clock, type ConnectionOptions, PgBoss } from 'pg-boss';
import { z } from 'zod';
import { DAY, type Milliseconds, SECOND } from '#domain/base/time.ts';
import type { Queryable } from './database.ts';

/**
 * The queues and how many jobs of each run at once: one an outside service, so that one which hangs holds up only its own, and one for
 * what only decides. Slack's limit is one message a second in a channel, so one at a time loses nothing; every further worker
 * polls, and idle polling is most of what an idle Gapwatch costs.
 */
export const QUEUES = { slack: 1, pagerduty: 2, mail: 1, reports: 1, audit: 2, timers: 1, remedies: 1, watch: 2 } as const;
export type Queue = keyof typeof QUEUES;
const QUEUE_NAMES = ['slack', 'pagerduty', 'mail', 'reports', 'audit', 'timers', 'remedies', 'watch'] as const satisfies readonly Queue[];

/** The queues of the bot; that of the watch is worked only where the watch runs. */
export const BOT_QUEUES: readonly Queue[] = ['slack', 'pagerduty', 'mail', 'reports', 'audit', 'timers', 'remedies'];

/** A job to be stored. Among the jobs that wait, `key` is unique. */
export type NewJob = { readonly queue: Queue; readonly key: string; readonly data: object; readonly dueAt: Date };

/** A job as it waits in the store. */
export type WaitingJob = { readonly id: string; readonly key: string; readonly data: unknown; readonly dueAt: Date };

export type JobClock = Clock;

/** Jobs and timers on pg-boss, stored in the caller's transaction. */
export type Jobs = {
  /** Stores a job. One that waits under the same key is moved forward when the new one is due earlier; otherwise nothing changes. */
  readonly enqueue: (client: Queryable, job: NewJob, now: Date) => Promise<void>;
  /**
   * Starts the workers of these queues; a handler is given a job's data. It may run twice: what it does outside, it must be able to find again. One
   * that throws is run again with growing pauses; a job whose process died, after about 15 seconds.
   */
  readonly work: (handler: (data: unknown) => Promise<void>, onDead: (data: unknown) => void, queues: readonly Queue[]) => Promise<void>;
  /** Which of these keys belong to a job of the queue that waits or runs. */
  readonly known: (queue: Queue, keys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Every job that waits in one of the queues. */
  readonly waiting: () => Promise<readonly WaitingJob[]>;
  /** Gives a waiting job another key and other data; it is due when it was. Where one waits under that key already, this one ends. */
  readonly rewrite: (job: WaitingJob, as: Pick<NewJob, 'key' | 'data'>) => Promise<void>;
  /** How many jobs wait, run and have died. */
  readonly counts: () => Promise<{ readonly queued: number; readonly active: number; readonly dead: number }>;
  /** How long the job that is due longest has waited for a worker; 0 when none waits. */
  readonly lateness: () => Promise<Milliseconds>;
  readonly stop: () => Promise<void>;
};

const DEAD = 'dead';

/** Connects pg-boss. Its settings are argued in docs/decisions/0002-store-and-jobs.md. */
export async function startJobs(connectionString: string, onError: (error: Error) => void, clock?: JobClock): Promise<Jobs> {
  const boss = new PgBoss({
    connectionString,
    application_name: 'gapwatch-jobs',
    max: 6,
    schedule: false,
    // Takeover after a crash hangs on these two; their default is a minute.
    monitorIntervalSeconds: 4,
    superviseIntervalSeconds: 4,
    useListenNotify: true,
    registerInstance: false,
    ...(clock ? { clock } : {}),
  });
  boss.on('error', onError);
  await boss.start();
  await boss.createQueue(DEAD, { retentionSeconds: (365 * DAY) / SECOND });
  for (const queue of Object.keys(QUEUES)) {
    const options = {
      notify: true,
      deadLetter: DEAD,
      heartbeatSeconds: 10,
      // Longer than any run: a destination makes at most 50 calls of at most 10 s each; an archive of many millions of records takes hours.
      expireInSeconds: queue === 'remedies' ? 43_200 : 900,
      retryLimit: 25,
      retryDelay: 1,
      retryBackoff: true,
      retryDelayMax: 30,
      deleteAfterSeconds: 3_600,
      retentionSeconds: (90 * DAY) / SECOND,
    };
    await boss.createQueue(queue, { policy: 'stately', ...options });
  }
  return {
    enqueue: (client, job, now) => enqueue(boss, client, job, now),
    work: (handler, onDead, queues) => work(boss, handler, onDead, queues),
    known: (queue, keys) => known(boss, queue, keys),
    waiting: () => waiting(boss),
    rewrite: (job, as) => rewrite(boss, job, as),
    counts: () => counts(boss),
    lateness: () => lateness(boss),
    stop: () => boss.stop({ graceful: true, timeout: 4_000 }),
  };
}

async function enqueue(boss: PgBoss, client: Queryable, job: NewJob, now: Date): Promise<void> {
  const db: NonNullable<ConnectionOptions['db']> = {
    executeSql: async (sql, values) => ({ rows: [...(await client.query(sql, values ?? [])).rows] }),
  };
  const isDue = job.dueAt.getTime() <= now.getTime();
  const options = { singletonKey: job.key, db, ...(isDue ? {} : { startAfter: job.dueAt }) };
  for (let tries = 0; tries < 5; tries += 1) {
    const id = await boss.send(job.queue, job.data, options);
    if (id !== null || !isDue) return;
    // Something waits under this key already. If it waits for later, as a destination does after a failure, it is wanted now.
    const { updated } = await boss.update(job.queue, job.data, { singletonKey: job.key, startAfter: now, db });
    if (updated > 0) return;
    // A worker took it in between, and may have looked before our facts were there: another one must follow it.
  }
  throw new Error(`the job ${job.key} is taken as fast as it is asked for`);
}

async function work(
  boss: PgBoss,
  handler: (data: unknown) => Promise<void>,
  onDead: (data: unknown) => void,
  queues: readonly Queue[],
): Promise<void> {
  for (const queue of queues) {
    // NOTIFY wakes workers for what is due at once; polling finds what comes due later, for timers and looks to the second.
    const notifyPollingIntervalSeconds = queue === 'timers' || queue === 'audit' || queue === 'watch' ? 1 : 2;
    const options = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds, localConcurrency: QUEUES[queue] };
    await boss.work<object>(queue, options, async (jobs) => {
      for (const job of jobs) await handler(job.data);
    });
  }
  await boss.work<object>(DEAD, { pollingIntervalSeconds: 10 }, async (jobs) => {
    for (const job of jobs) onDead(job.data);
  });
}

const keyRow = z.object({ key: z.string() });

/** Jobs that are over are few: pg-boss deletes them an hour later, and its index on name and key finds the others. */
async function known(boss: PgBoss, queue: Queue, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await boss.getDb().executeSql(
    `select singleton_key as key
     from pgboss.job
     where name = $1 and singleton_key = any($2) and state < 'completed'`,
    [queue, [...keys]],
  );
  return new Set(rows.map((row) => keyRow.parse(row).key));
}

const waitingRow = z.object({ id: z.string(), key: z.string(), data: z.unknown(), dueAt: z.date() });

/** Some hundred rows at most, read once a start, by the index that pg-boss fetches its jobs with. */
async function waiting(boss: PgBoss): Promise<readonly WaitingJob[]> {
  const { rows } = await boss.getDb().executeSql(
    `select id::text, singleton_key as key, data, start_after as "dueAt"
     from pgboss.job
     where state < 'active' and name <> $1 and singleton_key is not null
     order by start_after`,
    [DEAD],
  );
  return rows.map((row) => waitingRow.parse(row));
}

/** One row by its id, and a look by the index that keeps keys unique. A job that a worker took meanwhile stays as it is. */
async function rewrite(boss: PgBoss, { id }: WaitingJob, { key, data }: Pick<NewJob, 'key' | 'data'>): Promise<void> {
  const waitsAlready = `exists (
    select from pgboss.job as other
    where other.name = job.name and other.singleton_key = $2 and other.state < 'active' and other.id <> job.id
  )`;
  await boss.getDb().executeSql(`delete from pgboss.job where id = $1 and state < 'active' and ${waitsAlready}`, [id, key]);
  await boss
    .getDb()
    .executeSql(`update pgboss.job set singleton_key = $2, data = $3 where id = $1 and state < 'active'`, [id, key, JSON.stringify(data)]);
}

async function counts(boss: PgBoss): Promise<{ readonly queued: number; readonly active: number; readonly dead: number }> {
  const queues = await boss.getQueues();
  const sum = (field: 'queuedCount' | 'activeCount') =>
    queues.filter(({ name }) => name !== DEAD).reduce((total, queue) => total + queue[field], 0);
  return { queued: sum('queuedCount'), active: sum('activeCount'), dead: queues.find(({ name }) => name === DEAD)?.totalCount ?? 0 };
}

const backedUpRow = z
  .object({ queue: z.string(), key: z.string(), data: z.record(z.string(), z.unknown()), dueAt: z.coerce.date() })
  .transform(({ queue, ...job }) => ({ ...job, queue: z.enum(QUEUE_NAMES).parse(queue) }));

/** Every job that waits or runs, the one due first in front. Empty where no bot has started yet. */
export async function loadWaitingJobs(client: Queryable): Promise<readonly NewJob[]> {
  const found = await client.query(`select to_regclass('pgboss.job') is not null as has`);
  if (!z.object({ has: z.boolean() }).parse(found.rows[0]).has) return [];
  const { rows } = await client.query(
    `select name as queue, singleton_key as key, data, start_after as "dueAt"
     from pgboss.job
     where state <= 'active' and name <> 'dead' and singleton_key is not null
     order by start_after`,
  );
  return rows.map((row) => backedUpRow.parse(row));
}

/** A job as a line of JSON, read back. Throws a ZodError for anything else. */
export function readJob(line: string): NewJob {
  return backedUpRow.parse(JSON.parse(line));
}

const latenessRow = z.object({ seconds: z.number() });

/** Only jobs that wait are looked at, which pg-boss keeps in an index of their own. */
async function lateness(boss: PgBoss): Promise<Milliseconds> {
  const { rows } = await boss.getDb().executeSql(`
    select coalesce(extract(epoch from max(pgboss.job_now() - start_after)), 0)::float8 as seconds
    from pgboss.job
    where state < 'active' and start_after < pgboss.job_now() and name <> 'dead'`);
  return latenessRow.parse(rows[0]).seconds * SECOND;
}
