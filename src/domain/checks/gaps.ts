import { type FoundGap, findGaps, type GapScan } from '#domain/gap/find-gaps.ts';
import { durationClass } from '#domain/gap/gap.ts';
import type { Verdict } from '#domain/incident/facts.ts';
import type { Policy } from '#domain/policy.ts';
import { between, DAY, formatDuration, formatUtc, HOUR, type Milliseconds, parseDuration } from '#domain/time.ts';
import { reading } from './ask.ts';
import { type Check, withTable } from './check.ts';

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
  ask: (context) =>
    withTable(context, function* (table) {
      const { policy, argument } = context;
      const window = windowOf(argument) ?? 2 * HOUR;
      const scan = yield* reading(findGaps(table, window, policy.gap.tolerance));
      return judgeGaps(scan, window, policy, table.isIndexed);
    }),
};

function windowOf(argument: string): Milliseconds | null {
  if (argument === '') return 2 * HOUR;
  const window = parseDuration(argument);
  return window !== null && window > 0 && window <= LONGEST ? window : null;
}

/** Worst first: an open gap is critical; else the longest gap's class decides; a table without any record is critical too. */
export function judgeGaps(scan: GapScan, window: Milliseconds, policy: Policy, isIndexed = true): Verdict {
  const said = `in the last ${formatDuration(window)}`;
  const advice = isIndexed ? [] : [{ name: 'Advice', value: 'no index leads with the timestamp, so this read the table; add one' }];
  if (scan.lastRecordAt === null) {
    return {
      level: 'critical',
      evidence: 'The audit table holds no record at all.',
      figures: advice,
      nextStep: 'check the schema (runbook step 8)',
    };
  }
  if (scan.gaps.length === 0) {
    const evidence = `No gap over ${formatDuration(policy.gap.tolerance)} ${said}.`;
    return { level: 'ok', evidence, figures: advice, nextStep: 'test the operations that must be audited (runbook step 15)' };
  }
  const longestFirst = scan.gaps.toSorted((one, other) => lengthOf(other, scan.until) - lengthOf(one, scan.until));
  const figures = longestFirst
    .slice(0, SHOWN)
    .map((gap) => ({ name: durationClass(lengthOf(gap, scan.until)), value: words(gap, scan.until) }));
  const more = longestFirst.length > SHOWN ? [{ name: 'And', value: `${longestFirst.length - SHOWN} shorter ones` }] : [];
  const isOpen = scan.gaps.some(({ end }) => end === 'ongoing');
  const count = `${scan.gaps.length} gap${scan.gaps.length === 1 ? '' : 's'}`;
  const evidence = `${count} over ${formatDuration(policy.gap.tolerance)} ${said}${isOpen ? ', one still open' : ''}.`;
  const longest = longestFirst[0] ? lengthOf(longestFirst[0], scan.until) : 0;
  return {
    level: isOpen ? 'critical' : durationClass(longest) === 'High' ? 'high' : 'medium',
    evidence,
    figures: [...figures, ...more, ...advice],
    nextStep: isOpen
      ? 'find the failure point: check scope and test a write (runbook steps 2 and 4)'
      : 'document each gap in the report (`/incident report`)',
  };
}

function lengthOf({ start, end }: FoundGap, until: Date): Milliseconds {
  return between(start, end === 'ongoing' ? until : end);
}

function words(gap: FoundGap, until: Date): string {
  const length = formatDuration(lengthOf(gap, until));
  return gap.end === 'ongoing'
    ? `since ${formatUtc(gap.start)}, still open (${length} so far)`
    : `${formatUtc(gap.start)} to ${formatUtc(gap.end)} (${length})`;
}
