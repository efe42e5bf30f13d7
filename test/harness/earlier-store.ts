import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { z } from 'zod';

const FIXTURES = new URL('../store/fixtures/', import.meta.url);

/** When the program of 0.1.0 was stopped that wrote the store. */
export const LEFT_AT = Date.parse('2026-01-05T12:45:30Z');

/** Restores the store that 0.1.0 left into an empty database. */
export async function restoreEarlierStore(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(await readFile(new URL('store-0.1.0.sql', FIXTURES), 'utf8'));
  await client.end();
}

/** The timeline of its INC-1 as 0.1.0 read it, a line each. */
export async function earlierTimeline(): Promise<readonly string[]> {
  return (await readFile(new URL('store-0.1.0-timeline.txt', FIXTURES), 'utf8')).trimEnd().split('\n');
}

const factRow = z.object({ body: z.string() });

/** Every stored event of the store at `url`, as it stands there. */
export async function storedBodies(url: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select body from gapwatch.facts order by incident, sequence');
  await client.end();
  return rows.map((row) => factRow.parse(row).body);
}
