import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { z } from 'zod';
import { asQueryable, type Progress, withClient } from './backup.ts';
import { BackupError, checkBackup, type RowCounts, type Section, sectionsOf } from './backup-file.ts';
import type { Queryable } from './database.ts';
import { type Jobs, readJob, startJobs } from './jobs.ts';
import { applyMigrations, migrationNames } from './migrate.ts';

/**
 * Brings a backup into an empty store, in one transaction: all of it, or nothing. The file is read to its end and checked first. Returns
 * the rows by table. Throws a BackupError for a file that is not whole, one of a newer version, or a store that holds something or is in
 * use. The schema is then as old as the backup: the caller migrates.
 */
export async function restore(url: string, file: string, now: Date, onProgress: Progress): Promise<RowCounts> {
  const { head, rows } = await checkBackup(file);
  const known = new Set(await migrationNames());
  const newer = head.migrations.filter((name) => !known.has(name));
  if (newer.length > 0)
    throw new BackupError(`${file} was made by a newer version of Gapwatch (it knows ${newer.join(', ')}). Restore it with that version.`);
  await withClient(url, 'gapwatch-restore', async (client) => refuseInUse(asQueryable(client)));
  const jobs = await startJobs(url, () => undefined);
  try {
    await withClient(url, 'gapwatch-restore', async (client) => {
      await client.query('begin');
      await prepare(asQueryable(client), head.migrations);
      for await (const { section, rows: lines } of sectionsOf(file))
        onProgress(section.table, await load(client, jobs, section, lines, now));
      await setSequences(asQueryable(client));
      await client.query('commit');
    });
  } finally {
    await jobs.stop();
  }
  return rows;
}

/** A bot that writes while its store is exchanged would mix two records. */
async function refuseInUse(client: Queryable): Promise<void> {
  const { rows } = await client.query(
    `select count(*)::integer as sessions from pg_stat_activity
     where datname = current_database() and application_name in ('gapwatch', 'gapwatch-jobs') and pid <> pg_backend_pid()`,
  );
  const { sessions } = z.object({ sessions: z.number() }).parse(rows[0]);
  if (sessions > 0) throw new BackupError(`Gapwatch is running on this store (${sessions} sessions). Stop it first.`);
}

/** What makes a store not empty. Everything else in it (findings, heads of an empty ledger, the watch's memory) begins anew. */
const RECORD = ['facts', 'incidents', 'sent', 'deliveries', 'denials'];

async function prepare(client: Queryable, migrations: readonly string[]): Promise<void> {
  const { rows } = await client.query('select table_name as table from information_schema.tables where table_schema = $1', ['gapwatch']);
  const tables = rows.map((row) => z.object({ table: z.string() }).parse(row).table);
  for (const table of RECORD.filter((each) => tables.includes(each))) {
    const found = await client.query(`select from gapwatch.${table} limit 1`);
    if (found.rows.length > 0)
      throw new BackupError(`This store is not empty: gapwatch.${table} holds something. A backup goes only into an empty one.`);
  }
  await client.query('drop schema if exists gapwatch cascade');
  await applyMigrations(client, migrations);
}

async function load(client: pg.Client, jobs: Jobs, section: Section, lines: AsyncIterable<Buffer>, now: Date): Promise<number> {
  let count = 0;
  if (section.table === 'jobs') {
    for await (const line of lines) {
      await jobs.enqueue(asQueryable(client), readJob(line.toString()), now);
      count += 1;
    }
    return count;
  }
  const table = `gapwatch.${client.escapeIdentifier(section.table)}`;
  // The rows come with the ledger's lines about them; the triggers would write those a second time.
  await client.query(`alter table ${table} disable trigger user`);
  if (section.table === 'ledger') await client.query('delete from gapwatch.ledger');
  const columns = section.columns.map((column) => client.escapeIdentifier(column)).join(', ');
  const into = client.query(copyFrom(`copy ${table} (${columns}) from stdin`));
  const done = finished(into);
  // A refusal arrives while rows are being given; it is awaited below.
  done.catch(() => undefined);
  for await (const line of lines) {
    if (into.destroyed) break;
    if (!into.write(Buffer.concat([line, Buffer.from('\n')]))) await Promise.race([once(into, 'drain'), done]);
    count += 1;
  }
  into.end();
  await done;
  await client.query(`alter table ${table} enable trigger user`);
  return count;
}

/** Identity columns go on after the highest number that was restored. */
async function setSequences(client: Queryable): Promise<void> {
  const { rows } = await client.query(
    `select table_name as table, column_name as column from information_schema.columns
     where table_schema = 'gapwatch' and is_identity = 'YES'`,
  );
  for (const row of rows) {
    const { table, column } = z.object({ table: z.string(), column: z.string() }).parse(row);
    await client.query(
      `select setval(pg_get_serial_sequence('gapwatch.${table}', '${column}'), coalesce(max(${column}), 1), max(${column}) is not null) from gapwatch.${table}`,
    );
  }
}
