import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { z } from 'zod';
import { type RowCounts, writeBackup } from './backup-file.ts';
import type { Queryable } from './database.ts';
import { loadWaitingJobs } from './jobs.ts';

/** Told while it goes on: a table, and how many rows of it are done. */
export type Progress = (table: string, rows: number) => void;

/**
 * Writes everything that Gapwatch has in its store into one new file, in one snapshot, while the bot may run: all tables of its
 * schema, and the jobs that wait. Returns the rows by table. Throws when the file is there already or the store can't be read.
 */
export async function backUp(url: string, file: string, now: Date, onProgress: Progress): Promise<RowCounts> {
  return withClient(url, 'gapwatch-backup', async (client) => {
    const query = asQueryable(client);
    await client.query('begin isolation level repeatable read read only');
    const { rows } = await client.query('select name from gapwatch.migrations order by name');
    const migrations = rows.map((row) => z.object({ name: z.string() }).parse(row).name);
    return writeBackup(file, { at: now.toISOString(), migrations }, async (writer) => {
      for (const { table, columns } of await tablesOf(query)) {
        const names = columns.map((column) => client.escapeIdentifier(column)).join(', ');
        const copied = client.query(copyTo(`copy gapwatch.${client.escapeIdentifier(table)} (${names}) to stdout`));
        // Whoever reads it hears of its failure; one that comes after the reader gave up must not end the process.
        copied.on('error', () => undefined);
        onProgress(table, await writer.section({ table, columns }, copied));
      }
      const jobs = await loadWaitingJobs(query);
      onProgress('jobs', await writer.section({ table: 'jobs', columns: [] }, jsonLines(jobs)));
    });
  });
}

/** Works on one connection that has no time limit and is closed afterwards, whatever happens; what it began and did not commit is undone. */
export async function withClient<Result>(url: string, name: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url, application_name: name, connectionTimeoutMillis: 10_000 });
  // Without a listener a connection that the server ends would end the process; the query that runs fails with it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A connection as the rest of the store takes it. */
export function asQueryable(client: pg.Client): Queryable {
  return { query: (sql, values) => client.query<Record<string, unknown>>(sql, [...(values ?? [])]) };
}

/** Gapwatch's tables with their columns. The list of migrations is not among them: a restore applies them itself. */
async function tablesOf(client: Queryable): Promise<readonly { readonly table: string; readonly columns: string[] }[]> {
  const { rows } = await client.query(
    `select table_name as table, array_agg(column_name::text order by ordinal_position) as columns
     from information_schema.columns
     where table_schema = 'gapwatch' and table_name <> 'migrations'
     group by table_name
     order by table_name`,
  );
  return rows.map((row) => z.object({ table: z.string(), columns: z.array(z.string()) }).parse(row));
}

async function* jsonLines(values: readonly object[]): AsyncGenerator<Uint8Array> {
  for (const value of values) yield Buffer.from(`${JSON.stringify(value)}\n`);
}
