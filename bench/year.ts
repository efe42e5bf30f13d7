import type pg from 'pg';
import { DAY, type Milliseconds } from '#domain/base/time.ts';

export const YEAR: Milliseconds = 365 * DAY;
export const PLANTED = 54;
/** What the filled database shows as now. */
export const BENCH_NOW = new Date('2026-01-05T12:00:00Z');

/** Records evenly over the year up to a fixed "now", with gaps of 6 to 59 minutes cut out. */
export async function fillYear(client: pg.Client, rows: number): Promise<void> {
  await client.query(`
    create schema clock;
    create function clock.now() returns timestamptz language sql stable as $$ select timestamptz '2026-01-05 12:00:00Z' $$;
    set search_path = clock, public, pg_catalog;
    set timezone = 'UTC';
    create table public."AuditLog" (id bigint, "userEmail" text, action text, resource text, timestamp timestamp(3) not null)`);
  await client.query(
    `insert into "AuditLog"
     select i, 'user', 'READ', 'Patient', at
     from generate_series(1, $1::bigint) as i,
       lateral (select timestamp '2026-01-05 12:00:00' - (($1::bigint - i) * ($2::float8 / $1)) * interval '1 millisecond' as at) as moment
     where not exists (
       select from generate_series(1, $3::int) as g
       where at > timestamp '2025-01-05 12:00:00' + g * interval '6 days 17 hours'
         and at < timestamp '2025-01-05 12:00:00' + g * interval '6 days 17 hours' + (5 + g) * interval '1 minute')`,
    [rows, YEAR, PLANTED],
  );
  await client.query('create index on "AuditLog" (timestamp)');
  await client.query('vacuum analyze "AuditLog"');
}
