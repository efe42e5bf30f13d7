import { z } from 'zod';
import { query } from '#domain/audit-table/query.ts';
import {
  type AuditTable,
  asColumn,
  asText,
  columnSql,
  EARLIEST,
  instantColumn,
  instantText,
  type Sql,
  tableSql,
} from '#domain/audit-table/sql.ts';
import { between, formatDuration, formatUtc, MINUTE } from '#domain/base/time.ts';
import { aheadVerdict, isAhead } from './ahead.ts';
import { type Check, takesNone, withRecords } from './check.ts';
import { CHECK_SCHEMA, FIND_THE_FAILURE, LOOK_FOR_GAPS } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 2: are any audit records being written? */
export const scope: Check = {
  name: 'scope',
  step: '§2',
  help: 'are audit records being written? count of the last 5 minutes, last record',
  refuse: takesNone('scope'),
  ask: (context) =>
    withRecords(context, function* (table) {
      return judgeScope(scopeRow.parse((yield* query(scopeQuery(table)))[0]));
    }),
};

/** Last record without the window, or "older than five minutes" could never be seen; a few index probes. */
function scopeQuery(table: AuditTable): Sql {
  const at = columnSql(table);
  const from = tableSql(table);
  const now = asColumn(table, 'now()');
  return {
    text: `
      select ${instantText('now()')} as at,
        (select count(*)::int from ${from} where ${at} > ${asColumn(table, `now() - interval '5 minutes'`)} and ${at} <= ${now}) as recent,
        ${asText(table, `(select max(${at}) from ${from} where ${at} <= ${now} and ${at} >= ${asColumn(table, EARLIEST)})`)} as last,
        ${asText(table, `(select max(${at}) from ${from} where ${at} > ${now} and ${at} <= ${asColumn(table, `now() + interval '26 hours'`)})`)} as ahead,
        exists (select from ${from}) as "hasRows"`,
    values: [],
  };
}

/** `ahead`: the newest record dated after the database's clock, up to a day; `hasRows`: be it without a usable time. */
const scopeRow = z.object({
  at: instantColumn,
  recent: z.number(),
  last: instantColumn.nullable(),
  ahead: instantColumn.nullable(),
  hasRows: z.boolean(),
});
export type ScopeRow = z.infer<typeof scopeRow>;

/** The runbook's table, its most severe row first; exactly 10 records, which it leaves out, count as HIGH. */
export function judgeScope({ at, recent, last, ahead, hasRows }: ScopeRow): Verdict {
  const figures = [
    { name: 'Records in the last 5 minutes', value: String(recent) },
    { name: 'Last record', value: last ? `${formatUtc(last)} (${formatDuration(between(last, at))} ago)` : 'none in the table' },
  ];
  if (isAhead(at, ahead)) return aheadVerdict(at, ahead, figures);
  if (last === null && hasRows) {
    return {
      level: 'unknown',
      evidence: 'The table has records, but none with a usable time: each is empty, infinite, in the future or before the year 2000.',
      figures,
      ...CHECK_SCHEMA,
    };
  }
  if (last === null) return { level: 'critical', evidence: 'The audit table holds no record at all.', figures, ...FIND_THE_FAILURE };
  if (between(last, at) > 5 * MINUTE) {
    return {
      level: 'critical',
      evidence: `Audit writes stopped: the last record is ${formatDuration(between(last, at))} old.`,
      figures,
      ...FIND_THE_FAILURE,
    };
  }
  if (recent === 0)
    return { level: 'critical', evidence: 'Complete audit failure: no record in the last 5 minutes.', figures, ...FIND_THE_FAILURE };
  if (recent <= 10) {
    return {
      level: 'high',
      evidence: `Partial failure or low activity: ${recent} record${recent === 1 ? '' : 's'} in the last 5 minutes.`,
      figures,
      ...FIND_THE_FAILURE,
    };
  }
  return {
    level: 'medium',
    evidence: `False alarm or intermittent issue: ${recent} records in the last 5 minutes.`,
    figures,
    ...LOOK_FOR_GAPS,
  };
}
