import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import type { AuditTable, Rows, Sql } from '#domain/audit-table/sql.ts';
import { DAY, HOUR, MINUTE, type Milliseconds } from '#domain/base/time.ts';
import { type FoundGap, findGaps, type GapScan } from '#domain/gap/scan.ts';
import { startEmbedded } from '#store/embedded.ts';
import { fillYear, PLANTED, YEAR } from './year.ts';

const TOLERANCE = 5 * MINUTE;
const WINDOWS: readonly (readonly [string, Milliseconds])[] = [
  ['2 h', 2 * HOUR],
  ['24 h', DAY],
  ['30 d', 30 * DAY],
  ['12 mo', YEAR],
];
const table = (isIndexed: boolean): AuditTable => ({
  schema: 'public',
  name: 'AuditLog',
  column: 'timestamp',
  time: { kind: 'timestamp', zone: 'UTC' },
  isIndexed,
  isFiltered: false,
});

/**
 * The gap scan against the runbook's LEAD query, repaired so that it answers the same question, on a table of `rows` rows over twelve
 * months with planted gaps. Both answers are compared in the run.
 */
export async function benchGaps(rows: number, say: (text: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-bench-'));
  await chmod(folder, 0o755);
  // A database server as a clinic would have it: some memory, and two workers for a query.
  const server = await startEmbedded(folder, 'shared_buffers = 1GB\nwork_mem = 64MB\nmaintenance_work_mem = 512MB\nmax_wal_size = 8GB\n');
  const client = new pg.Client({ connectionString: await server.database('bench') });
  await client.connect();
  try {
    say(
      `${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, PostgreSQL 18, ${rows.toLocaleString('en')} rows over 12 months, ${PLANTED} planted gaps, warm`,
    );
    await fillYear(client, rows);
    for (const [name, window] of WINDOWS) await compare(client, name, window, say);
    await withoutIndex(client, say);
  } finally {
    await client.end();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function hop(
  client: pg.Client,
  window: Milliseconds,
  isIndexed = true,
): Promise<{ readonly scan: GapScan; readonly statements: number }> {
  const questions: Generator<Sql, GapScan, Rows> = findGaps(table(isIndexed), window, TOLERANCE);
  let statements = 0;
  let step = questions.next();
  while (!step.done) {
    statements += 1;
    step = questions.next((await client.query<Record<string, unknown>>(step.value.text, [...step.value.values])).rows);
  }
  return { scan: step.value, statements };
}

/** Runbook step 14 with what it lacks: the five minutes, the record before the window, the open gap. */
async function lead(client: pg.Client, window: Milliseconds): Promise<readonly FoundGap[]> {
  const { rows } = await client.query<{ start: string; end: string | null }>(
    `with edge as (select now() at time zone 'UTC' - $1::float8 * interval '1 millisecond' as at),
       neighbours as (
         select timestamp, lead(timestamp) over (order by timestamp) as next from "AuditLog"
         where timestamp >= coalesce((select max(timestamp) from "AuditLog" where timestamp <= (select at from edge)), (select at from edge)))
     select to_char(timestamp, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as start, to_char(next, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as end
     from neighbours
     where coalesce(next, now() at time zone 'UTC') - timestamp > interval '5 minutes'
     order by 1`,
    [window],
  );
  return rows.map(({ start, end }) => ({ start: new Date(start), end: end === null ? ('ongoing' as const) : new Date(end) }));
}

async function compare(client: pg.Client, name: string, window: Milliseconds, say: (text: string) => void): Promise<void> {
  const { scan, statements } = await hop(client, window);
  const expected = await lead(client, window);
  if (!isDeepStrictEqual(scan.gaps, expected)) throw new Error(`the answers differ: ${scan.gaps.length} gaps against ${expected.length}`);
  const ours = await best(3, () => hop(client, window));
  const theirs = await best(3, () => lead(client, window));
  say(
    `${name.padEnd(6)} ${String(expected.length).padStart(3)} gaps, same answer: index hop ${ours.toFixed(0)} ms in ${statements} statements, LEAD ${theirs.toFixed(0)} ms, ${(theirs / ours).toFixed(1)} times as long`,
  );
}

async function withoutIndex(client: pg.Client, say: (text: string) => void): Promise<void> {
  await client.query('drop index "AuditLog_timestamp_idx"');
  const ours = await best(1, () => hop(client, YEAR, false));
  say(`12 mo without an index on the timestamp: one scan, ${ours.toFixed(0)} ms`);
}

async function best(times: number, work: () => Promise<unknown>): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time += 1) {
    const start = performance.now();
    await work();
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest;
}
