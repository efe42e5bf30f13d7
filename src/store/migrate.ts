import { readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Database, Queryable } from './database.ts';

const FOLDER = new URL('./migrations/', import.meta.url);
/** Any number that no other program uses for an advisory lock in this database. */
const LOCK = 4_184_713;

const appliedSchema = z.object({ name: z.string() });

/**
 * Brings the schema up to date. Safe when several replicas start at once: one migrates, the others wait and find nothing to do.
 * Migrations are append-only files, each run once.
 */
export async function migrate(database: Database): Promise<void> {
  await database.transaction(async (client) => applyMigrations(client, await migrationNames()));
}

/** The names of all migrations that this version has, in their order. */
export async function migrationNames(): Promise<readonly string[]> {
  return (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
}

/** Applies those of these migrations that the store has not seen yet. Part of the caller's transaction, which from here on nobody else migrates beside. */
export async function applyMigrations(client: Queryable, names: readonly string[]): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
  await client.query('create schema if not exists gapwatch');
  await client.query(
    'create table if not exists gapwatch.migrations (name text primary key, applied_at timestamptz not null default now())',
  );
  const { rows } = await client.query('select name from gapwatch.migrations');
  const applied = new Set(rows.map((row) => appliedSchema.parse(row).name));
  for (const name of names.filter((each) => !applied.has(each))) {
    await client.query(await readFile(new URL(name, FOLDER), 'utf8'));
    await client.query('insert into gapwatch.migrations (name) values ($1)', [name]);
  }
}
