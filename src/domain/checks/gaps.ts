import { z } from 'zod';
import { type CheckProgram, query, queryAll, tryQuery } from '#domain/audit-table/query.ts';
import { type AuditTable, asColumn, columnSql, tableSql } from '#domain/audit-table/sql.ts';
import type { Policy } from '#domain/base/policy.ts';
import {
  between,
  DAY,
  formatDuration,
  formatUtc,
  HOUR,
  MINUTE,
  type Milliseconds,
  parseDuration,
  plus,
  SECOND,
} from '#domain/base/time.ts';
import { durationClass } from '#domain/gap/gap.ts';
import { type FoundGap, findGaps, type GapScan } from '#domain/gap/scan.ts';
import { aheadText, aheadVerdict, isAhead } from './ahead.ts';
import { type Check, withRecords } from './check.ts';
import { byCommand, CHECK_SCHEMA, FIND_THE_FAILURE, WRITE_REPORT } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

const LONGEST: Milliseconds = 366 * DAY;
const SHOWN = 20;

/** Runbook step 14: all gaps over the tolerance in a window, the open one and those across its edges included. */
export const gaps: Check = {
  name: 'gaps',
  step: '§14',
  help: 'gaps [2h|24h|30d|12mo]: stretches without audit records, longest first; 2h unless given',
  refuse: (argument) =>
    windowOf(argument) === null
      ? 'The window is a duration up to 12 months, such as `2h`, `24h`, `30d` or `12mo`: `/audit gaps 24h`.'
      : null,
  within: 40 * SECOND,
  ask: (context) =>
    withRecords(context, function* (table) {
      const { policy, argument } = context;
      const window = windowOf(argument) ?? 2 * HOUR;
      if (!table.isIndexed)
        yield { kind: 'say', line: 'No index leads with the timestamp: the table is read once, for at most 30 seconds' };
      const scan = yield* queryAll(findGaps(table, window, policy.gap.tolerance));
      const verdict = judgeGaps(scan, window, policy, table.isIndexed);
      const series = table.isIndexed && scan.lastRecordAt !== null ? yield* tryQuery(querySeries(table, window)) : null;
      return series && 'answer' in series ? { ...verdict, chart: chartOf(scan, series.answer, window) } : verdict;
    }),
};

/** Points of the chart, and the longest stretch that is counted for one: a year then costs what a day of counting costs. */
const POINTS = 240;
const COUNTED: Milliseconds = 6 * MINUTE;

const countRow = z.object({ count: z.number() });

/** Records a minute at evenly spaced moments of the window, each counted over a stretch of the index no longer than six minutes. */
function* querySeries(table: AuditTable, window: Milliseconds): CheckProgram<readonly number[]> {
  const step = window / POINTS;
  const counted = Math.min(step, COUNTED);
  const from = asColumn(table, `now() - ($1::float8 - point * $2::float8) * interval '1 millisecond'`);
  const rows = yield* query({
    text: `
      select counted.count
      from generate_series(0, ${POINTS - 1}) as point
      cross join lateral (
        select count(*)::float8 as count from ${tableSql(table)}
        where ${columnSql(table)} > ${from} and ${columnSql(table)} <= ${from} + $3::float8 * interval '1 millisecond') as counted
      order by point`,
    values: [window, step, counted],
  });
  return rows.map((row) => Math.round((countRow.parse(row).count / counted) * MINUTE * 10) / 10);
}

function chartOf(scan: GapScan, perMinute: readonly number[], window: Milliseconds): Verdict['chart'] {
  const gaps = scan.gaps.map(({ start, end }) => ({ start, end: end === 'ongoing' ? null : end }));
  return { from: plus(scan.until, -window), until: scan.until, perMinute: [...perMinute], gaps };
}

function windowOf(argument: string): Milliseconds | null {
  if (argument === '') return 2 * HOUR;
  const window = parseDuration(argument);
  return window !== null && window > 0 && window <= LONGEST ? window : null;
}

/** Worst first: an open gap is critical; else the longest gap's class decides; a table without any record is critical too. */
export function judgeGaps(scan: GapScan, window: Milliseconds, policy: Policy, isIndexed = true): Verdict {
  const said = `in the last ${formatDuration(window)}`;
  const advice = isIndexed ? [] : [{ name: 'Advice', value: 'no index leads with the timestamp, so this read the table; add one' }];
  const shifted = isAhead(scan.until, scan.ahead) ? [{ name: 'Clock', value: aheadText(scan.until, scan.ahead) }] : [];
  if (scan.lastRecordAt === null && scan.hasRows) {
    return {
      level: 'unknown',
      evidence: 'The table has records, but none with a usable time: each is empty, infinite, in the future or before the year 2000.',
      figures: [...advice, ...shifted],
      ...CHECK_SCHEMA,
    };
  }
  if (scan.lastRecordAt === null) {
    return {
      level: 'critical',
      evidence: 'The audit table holds no record at all.',
      figures: advice,
      ...CHECK_SCHEMA,
    };
  }
  if (scan.unread !== null) return unfinished(scan, window, policy, advice);
  if (scan.gaps.length === 0 && isAhead(scan.until, scan.ahead)) return aheadVerdict(scan.until, scan.ahead, advice);
  if (scan.gaps.length === 0) {
    const evidence = `No gap over ${formatDuration(policy.gap.tolerance)} ${said}.`;
    return {
      level: 'ok',
      evidence,
      figures: advice,
      ...byCommand('/audit operations', 'test the operations that must be audited (runbook step 15)'),
    };
  }
  const isOpen = scan.gaps.some(({ end }) => end === 'ongoing');
  const count = `${scan.gaps.length} gap${scan.gaps.length === 1 ? '' : 's'}`;
  const evidence = `${count} over ${formatDuration(policy.gap.tolerance)} ${said}${isOpen ? ', one still open' : ''}.`;
  const longest = Math.max(...scan.gaps.map((gap) => lengthOf(gap, scan.until)));
  return {
    level: isOpen ? 'critical' : durationClass(longest) === 'High' ? 'high' : 'medium',
    evidence,
    figures: [...longestFirst(scan), ...advice, ...shifted],
    ...(isOpen ? FIND_THE_FAILURE : WRITE_REPORT),
  };
}

function longestFirst({ gaps: found, until }: GapScan): Verdict['figures'] {
  const sorted = found.toSorted((one, other) => lengthOf(other, until) - lengthOf(one, until));
  const figures = sorted.slice(0, SHOWN).map((gap) => ({ name: durationClass(lengthOf(gap, until)), value: text(gap, until) }));
  return sorted.length > SHOWN ? [...figures, { name: 'And', value: `${sorted.length - SHOWN} shorter ones` }] : figures;
}

/** What was found before the database stopped answering: never "no gap". */
function unfinished(scan: GapScan, window: Milliseconds, policy: Policy, advice: Verdict['figures']): Verdict {
  const read = scan.unread ? `read up to ${formatUtc(scan.unread.from)}, then: ${scan.unread.why}` : '';
  const count = `${scan.gaps.length} gap${scan.gaps.length === 1 ? '' : 's'} over ${formatDuration(policy.gap.tolerance)}`;
  return {
    level: scan.gaps.length > 0 ? 'high' : 'unknown',
    evidence: `Only a part of the last ${formatDuration(window)} could be read; it has ${count}.`,
    figures: [{ name: 'Not finished', value: read }, ...longestFirst(scan), ...advice],
    ...byCommand('/audit gaps 2h', 'look at a shorter window: `/audit gaps 2h`'),
  };
}

function lengthOf({ start, end }: FoundGap, until: Date): Milliseconds {
  return between(start, end === 'ongoing' ? until : end);
}

function text(gap: FoundGap, until: Date): string {
  const length = formatDuration(lengthOf(gap, until));
  return gap.end === 'ongoing'
    ? `since ${formatUtc(gap.start)}, still open (${length} so far)`
    : `${formatUtc(gap.start)} to ${formatUtc(gap.end)} (${length})`;
}
