import { z } from 'zod';
import {
  type AuditTable,
  asColumn,
  asText,
  columnSql,
  instantColumn,
  instantText,
  type Rows,
  type Sql,
  tableSql,
} from '#domain/audit-table/sql.ts';
import { MINUTE, type Milliseconds, SECOND } from '#domain/base/time.ts';
import { COMPARED, type Counts, type TableSeen } from './observation.ts';

/** No stretch is counted beyond this: a bound on what a round can cost. Where both sides reach it, they are equal. */
const MOST_COUNTED = 50_000;
/** Records are counted this much later than they are dated, so that transactions under way are in. */
const SETTLED_SECONDS = (10 * SECOND) / SECOND;

/** A round's statement: the newest records by two probes of the index, the records since the last round, and how far a replica's data goes. */
export function roundQuery(table: AuditTable, countedUntil: Date | null): Sql {
  const at = columnSql(table);
  const from = tableSql(table);
  const now = asColumn(table, 'now()');
  const settled = `now() - interval '${SETTLED_SECONDS} seconds'`;
  return {
    text: `
      select ${instantText('now()')} as at,
        ${instantText(READ_UP_TO)} as read_up_to,
        ${asText(table, `(select max(${at}) from ${from} where ${at} <= ${now})`)} as newest,
        ${asText(table, `(select max(${at}) from ${from} where ${at} > ${now})`)} as ahead,
        case when $1::timestamptz is null then 0 else ${bounded(table, '$1::timestamptz', settled)} end as arrived,
        ${instantText(settled)} as counted_until`,
    values: [countedUntil === null ? null : countedUntil.toISOString()],
  };
}

/** The records between two moments, by the index, up to a bound. */
function bounded(table: AuditTable, start: string, end: string, most: number | string = MOST_COUNTED): string {
  const at = columnSql(table);
  return `(
    select count(*)::int from (
      select from ${tableSql(table)}
      where ${at} > ${asColumn(table, start)} and ${at} <= ${asColumn(table, end)}
      limit ${most}) as counted)`;
}

/**
 * Asked once a minute: the records of each compared stretch and of the same local time before, all by the index. Days and weeks are counted in
 * the clinic's own time zone, so that a change to summer time moves nothing.
 */
export function countsQuery(table: AuditTable, timeZone: string): Sql {
  const stretch = (length: Milliseconds, instant: string) => bounded(table, `${instant} - interval '${length / MINUTE} minutes'`, instant);
  const counts = COMPARED.map(
    ({ length }) => `
      json_build_object(
        'now', ${stretch(length, 'now()')},
        'yesterday', ${stretch(length, daysBefore('now()', 1))},
        'weekAgo', ${stretch(length, daysBefore('now()', 7))},
        'fortnightAgo', ${stretch(length, daysBefore('now()', 14))})`,
  );
  return { text: `select json_build_array(${counts.join(', ')}) as counts, $1::text as time_zone`, values: [timeZone] };
}

const countsRow = z.object({
  counts: z.array(z.object({ now: z.number(), yesterday: z.number(), weekAgo: z.number(), fortnightAgo: z.number() })),
});

/** {@link countsQuery}'s answer. */
export function readCounts(rows: Rows): readonly Counts[] {
  return countsRow.parse(rows[0]).counts;
}

/**
 * How far the data goes. A primary's is complete; so is a replica's that has replayed all it received and is still connected. Else it
 * goes to the last transaction that was replayed.
 */
const READ_UP_TO = `
  case
    when not pg_is_in_recovery() then now()
    when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() and exists (select from pg_stat_wal_receiver) then now()
    else least(now(), coalesce(pg_last_xact_replay_timestamp(), '-infinity'))
  end`;

/** The same local time so many days before; `$1` is the clinic's time zone. */
function daysBefore(instant: string, days: number): string {
  return `((${instant}) at time zone $1 - interval '${days} days') at time zone $1`;
}

const roundRow = z.object({
  at: instantColumn,
  read_up_to: instantColumn,
  newest: instantColumn.nullable(),
  ahead: instantColumn.nullable(),
  arrived: z.number(),
  counted_until: instantColumn,
});

/** The round's answer, before anything is compared. */
export function readRound(rows: Rows): TableSeen {
  const { at, read_up_to, newest, ahead, arrived, counted_until } = roundRow.parse(rows[0]);
  const common = { at, newest, ahead, arrived, readUpTo: read_up_to, countedUntil: counted_until };
  return { kind: 'seen', ...common, counts: null, isUsualSilence: false };
}

/** Asked in a silence: how many records the same stretch of local time had in the two weeks before and yesterday, counted up to `floor`. */
export function usualQuery(table: AuditTable, silentSince: Date, floor: number, timeZone: string): Sql {
  const since = (days: number) => daysBefore('$2::timestamptz', days);
  const isCovered = (days: number) =>
    `exists (select from ${tableSql(table)} where ${columnSql(table)} <= ${asColumn(table, since(days))})`;
  const stretch = (days: number) =>
    `json_build_object('isCovered', ${isCovered(days)}, 'count', ${bounded(table, since(days), daysBefore('now()', days), '$3')})`;
  return {
    text: `select ${stretch(7)} as week, ${stretch(14)} as fortnight, ${stretch(1)} as day`,
    values: [timeZone, silentSince.toISOString(), floor],
  };
}

const stretchSchema = z.object({ isCovered: z.boolean(), count: z.number() });
const usualRow = z.object({ week: stretchSchema, fortnight: stretchSchema, day: stretchSchema });
export type Usual = z.infer<typeof usualRow>;

/** {@link usualQuery}'s answer. */
export function readUsual(rows: Rows): Usual {
  return usualRow.parse(rows[0]);
}

/**
 * Whether such a silence is usual at this time: the same stretch had fewer than `floor` records on most of the days that it is compared with, as far as
 * the table covers them. So neither a single burst nor a single outage among them decides. A table without a past excuses nothing.
 */
export function isUsualSilence({ week, fortnight, day }: Usual, floor: number): boolean {
  const covered = [week, fortnight, day].filter(({ isCovered }) => isCovered);
  return covered.filter(({ count }) => count < floor).length > covered.length / 2;
}
