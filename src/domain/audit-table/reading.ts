import { z } from 'zod';
import {
  type AuditTable,
  asColumn,
  asInstant,
  asText,
  columnSql,
  EARLIEST,
  instantColumn,
  instantText,
  type Rows,
  type Sql,
  tableSql,
} from './sql.ts';

/**
 * One reading of the audit table: the cheapest questions that tell whether records are written. All times are of the monitored
 * database's clock. `lastBefore` is the last record up to the alert's time, `firstSince` the first record after the silence that
 * is being watched (or after `lastBefore`).
 */
export type TableReading =
  | {
      readonly kind: 'seen';
      readonly at: Date;
      readonly lastRecordAt: Date | null;
      readonly lastBefore: Date | null;
      readonly firstSince: Date | null;
      readonly lastMinute: number;
    }
  | { readonly kind: 'unseen'; readonly failure: string };

/**
 * The look as one statement of index probes. `alertAt` is the moment the failure is counted from, `silentSince` the last record
 * before the silence being watched, if one is. Records dated after the database's own clock don't count.
 */
export function readingQuery(table: AuditTable, alertAt: Date, silentSince: Date | null): Sql {
  const at = columnSql(table);
  const from = tableSql(table);
  const now = asColumn(table, 'now()');
  const before = `(select max(${at}) from ${from} where ${at} <= ${asColumn(table, '$1::timestamptz')})`;
  const since = asColumn(table, `coalesce($2::timestamptz, ${asInstant(table, before)}, ${EARLIEST})`);
  return {
    text: `
      select ${instantText('now()')} as at,
        ${asText(table, `(select max(${at}) from ${from} where ${at} <= ${now})`)} as last_record_at,
        ${asText(table, before)} as last_before,
        ${asText(table, `(select min(${at}) from ${from} where ${at} > ${since} and ${at} <= ${now})`)} as first_since,
        (select count(*)::int from ${from} where ${at} > ${asColumn(table, `now() - interval '1 minute'`)} and ${at} <= ${now}) as last_minute`,
    // A record's time was read to the millisecond; the rest of that millisecond belongs to the same record.
    values: [alertAt.toISOString(), silentSince === null ? null : endOfMillisecond(silentSince)],
  };
}

const lookRow = z.object({
  at: instantColumn,
  last_record_at: instantColumn.nullable(),
  last_before: instantColumn.nullable(),
  first_since: instantColumn.nullable(),
  last_minute: z.number(),
});

/** The look's answer. */
export function parseReading(rows: Rows): TableReading {
  const row = lookRow.parse(rows[0]);
  return {
    kind: 'seen',
    at: row.at,
    lastRecordAt: row.last_record_at,
    lastBefore: row.last_before,
    firstSince: row.first_since,
    lastMinute: row.last_minute,
  };
}

function endOfMillisecond(instant: Date): string {
  return instant.toISOString().replace('Z', '999Z');
}
