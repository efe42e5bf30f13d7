import { z } from 'zod';
import { query } from '#domain/audit-table/query.ts';
import { type AuditTable, asColumn, asText, columnSql, instantColumn, instantText, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import type { Policy } from '#domain/base/policy.ts';
import { aheadVerdict, isAhead } from './ahead.ts';
import { type Check, withRecords } from './check.ts';
import { byCommand, LOOK_FOR_GAPS } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 13: are records coming at their usual rate again? */
export const rate: Check = {
  name: 'rate',
  step: '§13',
  help: 'rate [live]: records a minute now, the last hour, yesterday and a week ago; `live` keeps its answer current for 10 minutes',
  refuse: (argument) => (argument === '' || argument === 'live' ? null : '`/audit rate` takes nothing or `live`: `/audit rate live`.'),
  ask: (context) =>
    withRecords(context, function* (table) {
      const [row] = yield* query(rateQuery(table));
      return judgeRate(rateRow.parse(row), context.policy.expectedRate);
    }),
};

/** One range count for each of twelve five-minute buckets and three single stretches, all by the index. */
function rateQuery(table: AuditTable): Sql {
  const at = columnSql(table);
  const count = (from: string, to: string) =>
    `(select count(*)::int from ${tableSql(table)} where ${at} > ${asColumn(table, `now() - ${from}`)} and ${at} <= ${asColumn(table, `now() - ${to}`)})`;
  return {
    text: `
      select ${count(`interval '1 minute'`, `interval '0'`)} as last_minute,
        ${count(`interval '1 day 1 hour'`, `interval '1 day'`)} as yesterday,
        ${count(`interval '7 days 1 hour'`, `interval '7 days'`)} as week_ago,
        ${instantText('now()')} as at,
        ${asText(table, `(select max(${at}) from ${tableSql(table)} where ${at} > ${asColumn(table, 'now()')} and ${at} <= ${asColumn(table, `now() + interval '26 hours'`)})`)} as ahead,
        array(select ${count(`bucket * interval '5 minutes'`, `(bucket - 1) * interval '5 minutes'`)}
              from generate_series(12, 1, -1) as bucket order by bucket desc) as buckets`,
    values: [],
  };
}

const rateRow = z.object({
  last_minute: z.number(),
  yesterday: z.number(),
  week_ago: z.number(),
  buckets: z.array(z.number()),
  at: instantColumn,
  ahead: instantColumn.nullable(),
});
export type RateRow = z.infer<typeof rateRow>;

/** None at all is critical, under the expected range high, in it ok; above it is only worth knowing. */
export function judgeRate(
  { last_minute: now, yesterday, week_ago, buckets, at, ahead }: RateRow,
  expected: Policy['expectedRate'],
): Verdict {
  const lastHour = buckets.reduce((sum, count) => sum + count, 0);
  const range = `${expected.lowest} to ${expected.highest} a minute in ${expected.environment}`;
  const figures = [
    { name: 'Last minute', value: `${now} (expected ${range})` },
    { name: 'Last hour, 5 minutes a bar', value: `${bars(buckets)} ${lastHour} records` },
    { name: 'Same hour yesterday', value: `${yesterday} records` },
    { name: 'Same hour a week ago', value: `${week_ago} records` },
  ];
  if (isAhead(at, ahead)) return aheadVerdict(at, ahead, figures);
  const records = `${now} record${now === 1 ? '' : 's'} in the last minute`;
  if (now === 0)
    return {
      level: 'critical',
      evidence: `${records}.`,
      figures,
      ...byCommand('/audit probe', 'check scope and test a write (runbook steps 2 and 4)'),
    };
  if (now < expected.lowest)
    return {
      level: 'high',
      evidence: `${records}, under the expected ${expected.lowest}.`,
      figures,
      ...byCommand('/audit rate live', 'watch whether it rises; if not, test a write (runbook step 4)'),
    };
  if (now > expected.highest)
    return {
      level: 'low',
      evidence: `${records}, over the expected ${expected.highest}.`,
      figures,
      ...byCommand('/audit gaps', 'a backlog may be being written; look for gaps (runbook step 14)'),
    };
  return { level: 'ok', evidence: `${records}, as expected.`, figures, ...LOOK_FOR_GAPS };
}

/** Counts as a line of bars, the highest one full; an empty bucket is a low line, so that silence is seen. */
export function bars(counts: readonly number[]): string {
  const most = Math.max(1, ...counts);
  return counts.map((count) => (count === 0 ? '_' : '▁▂▃▄▅▆▇█'.charAt(Math.min(7, Math.floor((count / most) * 7.99))))).join('');
}
