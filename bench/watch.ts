import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import type { Sql } from '#domain/audit-table/sql.ts';
import { parseTable, tableQuery } from '#domain/audit-table/table.ts';
import { MINUTE, plus } from '#domain/base/time.ts';
import { countsQuery, roundQuery, usualQuery } from '#domain/watch/queries.ts';
import { startEmbedded } from '#store/embedded.ts';
import { BENCH_NOW, fillYear } from './year.ts';

const TIMES = 20;

/**
 * The statements of the watch on a table of `rows` rows over twelve months, in the database's own time (planning and execution), beside what
 * the runbook's own monitoring asks for each time: steps 2 and 19.
 */
export async function benchWatch(rows: number, say: (text: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-bench-'));
  await chmod(folder, 0o755);
  const server = await startEmbedded(folder, 'shared_buffers = 1GB\nmaintenance_work_mem = 512MB\nmax_wal_size = 8GB\n');
  const client = new pg.Client({ connectionString: await server.database('bench') });
  await client.connect();
  try {
    say(
      `${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, PostgreSQL 18, ${rows.toLocaleString('en')} rows over 12 months, warm, median of ${TIMES}`,
    );
    await fillYear(client, rows);
    await measure(client, say);
  } finally {
    await client.end();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(client: pg.Client, say: (text: string) => void): Promise<void> {
  const { text, values } = tableQuery('AuditLog', 'timestamp');
  const table = parseTable((await client.query(text, [...values])).rows, 'AuditLog', 'timestamp');
  if ('missing' in table) throw new Error(table.missing);
  const round = await databaseMilliseconds(client, roundQuery(table, plus(BENCH_NOW, -15_000)));
  const counts = await databaseMilliseconds(client, countsQuery(table, 'America/New_York'));
  const usual = await databaseMilliseconds(client, usualQuery(table, plus(BENCH_NOW, -6 * MINUTE), 30, 'America/New_York'));
  const runbook = await databaseMilliseconds(client, RUNBOOK);
  const show = (what: string, milliseconds: number) => say(`  ${what.padEnd(66)} ${milliseconds.toFixed(2).padStart(7)} ms`);
  show('a round: the newest record, what came since, how far the data goes', round);
  show('once a minute: eight stretches compared', counts);
  show('in a silence: what is usual', usual);
  show('the most that one round can take', round + counts + usual);
  show("the runbook's own: step 2's count and maximum, step 19's count", runbook);
  say(`  a round takes ${(round / runbook).toFixed(2)} times as long as the runbook's own statements`);
}

const RUNBOOK: Sql = {
  text: `
    select (select count(*) from "AuditLog" where timestamp > now() at time zone 'utc' - interval '5 minutes') as recent_logs,
      (select max(timestamp) from "AuditLog") as last_log,
      (select count(*) from "AuditLog" where timestamp >= now() at time zone 'utc' - interval '5 minutes') as recent_audit_logs`,
  values: [],
};

const explainRow = z.object({
  'QUERY PLAN': z.array(z.object({ 'Planning Time': z.number(), 'Execution Time': z.number() })).min(1),
});

async function databaseMilliseconds(client: pg.Client, { text, values }: Sql): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const { rows } = await client.query<Record<string, unknown>>(`explain (analyze, timing off, format json) ${text}`, [...values]);
    const [plan] = explainRow.parse(rows[0])['QUERY PLAN'];
    times.push((plan?.['Planning Time'] ?? 0) + (plan?.['Execution Time'] ?? 0));
  }
  return times.toSorted((one, other) => one - other)[Math.floor(TIMES / 2)] ?? 0;
}
