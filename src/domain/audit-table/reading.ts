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

/** A stretch without records between two neighbouring records, or from the last record on. */
export type Silence = { readonly start: Date; readonly end: Date | 'ongoing' };

/**
 * One reading of the audit table: whether records are written, and where they are missing. All times are of the monitored database's
 * clock. `lastBefore` is the last record before the moment the failure is counted from, `firstAfter` the first one after that record.
 * `silences` are the stretches over the tolerance since `since`; null when the table did not answer that in time. `recordsInside`
 * counts the records strictly inside each stretch that was asked about, in the same order.
 */
export type TableReading =
  | {
      readonly kind: 'seen';
      readonly at: Date;
      readonly lastRecordAt: Date | null;
      readonly lastBefore: Date | null;
      readonly firstAfter: Date | null;
      readonly lastMinute: number;
      readonly since: Date;
      readonly silences: readonly Silence[] | null;
      readonly recordsInside: readonly number[];
    }
  | { readonly kind: 'unseen'; readonly failure: string };

/** What a reading is asked: the moment the failure is counted from, since when silences are looked for, and recorded stretches to count in. */
export type ReadingRequest = {
  readonly countedFrom: Date;
  readonly since: Date;
  readonly inside: readonly Silence[];
};

/**
 * The first statement of a reading: a handful of index probes. Records dated after the database's own clock don't count.
 */
export function readingQuery(table: AuditTable, { countedFrom, inside }: ReadingRequest): Sql {
  const at = columnSql(table);
  const from = tableSql(table);
  const now = asColumn(table, 'now()');
  const instant = (parameter: string) => asColumn(table, `${parameter}::timestamptz`);
  const before = `(select max(${at}) from ${from} where ${at} < ${instant('$1')})`;
  const after = asColumn(table, `coalesce(${asInstant(table, before)}, ${EARLIEST})`);
  // Each stretch is counted over its own part of the index; a gap holds no record unless records came later.
  const counts = inside.map(
    (_stretch, index) =>
      `(select count(*)::int from ${from} where ${at} > ${instant(`$${2 * index + 2}`)} and ${at} < ${instant(`$${2 * index + 3}`)})`,
  );
  return {
    text: `
      select ${instantText('now()')} as at,
        ${asText(table, `(select max(${at}) from ${from} where ${at} <= ${now})`)} as last_record_at,
        ${asText(table, before)} as last_before,
        ${asText(table, `(select min(${at}) from ${from} where ${at} > ${after} and ${at} <= ${now})`)} as first_after,
        (select count(*)::int from ${from} where ${at} > ${asColumn(table, `now() - interval '1 minute'`)} and ${at} <= ${now}) as last_minute,
        array[${counts.join(', ')}]::int[] as inside`,
    // A record's time was read to the millisecond; the rest of that millisecond belongs to the same record.
    values: [
      countedFrom.toISOString(),
      ...inside.flatMap(({ start, end }) => [endOfMillisecond(start), end === 'ongoing' ? FAR_AHEAD : end.toISOString()]),
    ],
  };
}

const FAR_AHEAD = '9999-12-31T00:00:00.000Z';

const readingRow = z.object({
  at: instantColumn,
  last_record_at: instantColumn.nullable(),
  last_before: instantColumn.nullable(),
  first_after: instantColumn.nullable(),
  last_minute: z.number(),
  inside: z.array(z.number()),
});

/** Returns the reading behind the statement's row and the silences that were found. */
export function parseReading(rows: Rows, { since }: ReadingRequest, silences: readonly Silence[] | null): TableReading {
  const row = readingRow.parse(rows[0]);
  return {
    kind: 'seen',
    at: row.at,
    lastRecordAt: row.last_record_at,
    lastBefore: row.last_before,
    firstAfter: row.first_after,
    lastMinute: row.last_minute,
    since,
    silences,
    recordsInside: row.inside,
  };
}

function endOfMillisecond(instant: Date): string {
  return instant.toISOString().replace('Z', '999Z');
}
