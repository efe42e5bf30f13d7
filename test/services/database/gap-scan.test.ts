import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditTable, Rows, Sql } from '#domain/audit-table/sql.ts';
import { HOUR, MINUTE } from '#domain/base/time.ts';
import { type FoundGap, findGaps, type GapScan } from '#domain/gap/scan.ts';
import { emptyDatabase } from '#harness/database.ts';

const NOW = Date.parse('2026-01-05T12:00:00.000Z');
const WINDOW = 2 * HOUR;
const TOLERANCE = 5 * MINUTE;
const table = (name: string, hasTimeZone: boolean, isIndexed = true): AuditTable => ({
  schema: 'public',
  name,
  column: 'timestamp',
  time: hasTimeZone ? { kind: 'timestamptz' } : { kind: 'timestamp', zone: 'UTC' },
  isIndexed,
  isFiltered: false,
});

let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client({ connectionString: await emptyDatabase('gaps') });
  await client.connect();
  await client.query(`
    create schema clock;
    create function clock.now() returns timestamptz language sql stable as $$ select timestamptz '2026-01-05 12:00:00Z' $$;
    set search_path = clock, public, pg_catalog;
    set timezone = 'UTC';
    create table public.plain (timestamp timestamp(3)); create index on public.plain (timestamp);
    create table public.zoned (timestamp timestamptz(3)); create index on public.zoned (timestamp);`);
});

afterAll(() => client.end());

async function scan(audit: AuditTable, records: readonly number[]): Promise<GapScan> {
  await client.query(`truncate "${audit.name}"`);
  const value = audit.time.kind === 'timestamptz' ? 'at' : "at at time zone 'UTC'";
  await client.query(`insert into "${audit.name}" select ${value} from unnest($1::timestamptz[]) as at`, [
    records.map((at) => new Date(at).toISOString()),
  ]);
  return drive(findGaps(audit, WINDOW, TOLERANCE));
}

async function drive(questions: Generator<Sql, GapScan, Rows>): Promise<GapScan> {
  let step = questions.next();
  while (!step.done) step = questions.next((await client.query<Record<string, unknown>>(step.value.text, [...step.value.values])).rows);
  return step.value;
}

/** The same by brute force: every pair of neighbours that touches the window, and the silence at the end. */
function bruteForce(records: readonly number[]): readonly FoundGap[] {
  const past = records.filter((at) => at <= NOW).toSorted((one, other) => one - other);
  const firstInside = past.findIndex((at) => at > NOW - WINDOW);
  const relevant = past.slice(Math.max(0, (firstInside < 0 ? past.length : firstInside) - 1));
  const pairs = relevant.slice(1).map((end, index) => ({ start: relevant[index] ?? end, end }));
  const closed = pairs
    .filter(({ start, end }) => end - start > TOLERANCE)
    .map(({ start, end }) => ({ start: new Date(start), end: new Date(end) }));
  const last = relevant.at(-1);
  const open: readonly FoundGap[] = last !== undefined && NOW - last > TOLERANCE ? [{ start: new Date(last), end: 'ongoing' }] : [];
  return [...closed, ...open];
}

/** Moments around the window: duplicates, exactly the tolerance apart, milliseconds, long before and after now. */
const moments = fc.array(
  fc.oneof(
    fc.integer({ min: -3 * HOUR, max: 10 * MINUTE }),
    fc.integer({ min: -30, max: 1 }).map((steps) => steps * TOLERANCE),
    fc.integer({ min: -30, max: 1 }).map((steps) => steps * TOLERANCE - 1),
    fc.constantFrom(-WINDOW, -WINDOW - 1, -WINDOW + 1, -24 * HOUR, 0, 1),
  ),
  { maxLength: 60 },
);

test.each([
  ['a timestamp column', table('plain', false)],
  ['a timestamptz column', table('zoned', true)],
  ['a column without an index', table('plain', false, false)],
])('the scan equals brute force on hundreds of random tables with %s', async (_name, audit) => {
  await fc.assert(
    fc.asyncProperty(moments, async (offsets) => {
      const records = offsets.map((offset) => NOW + offset);
      expect((await scan(audit, records)).gaps).toEqual(bruteForce(records));
    }),
    { numRuns: 200 },
  );
});

test('an empty table is no clean bill: there is no last record', async () => {
  expect(await scan(table('plain', false), [])).toMatchObject({ gaps: [], lastRecordAt: null });
});

test('a window longer than one statement can hop is read in several', async () => {
  const dense = Array.from({ length: 5_000 }, (_, index) => NOW - (5_000 - index) * TOLERANCE);
  await client.query('truncate plain');
  await client.query(`insert into plain select at at time zone 'UTC' from unnest($1::timestamptz[]) as at`, [
    dense.filter((_, index) => index !== 4_321).map((at) => new Date(at).toISOString()),
  ]);
  const found = await drive(findGaps(table('plain', false), 6_000 * TOLERANCE, TOLERANCE));
  expect(found.gaps).toEqual([{ start: new Date(dense[4_320] ?? 0), end: new Date(dense[4_322] ?? 0) }]);
});
