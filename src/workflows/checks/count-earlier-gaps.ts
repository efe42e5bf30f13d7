import { between, formatDuration } from '#domain/base/time.ts';
import type { Verdict } from '#domain/checks/verdict.ts';
import type { House } from '#workflows/context.ts';
import { handle, load } from '#workflows/execute.ts';
import { verdictOf } from './verdict.ts';

/**
 * After a resolution: counts the gaps of the last 12 months in the audit table itself, for the assessment of "previous gaps" (runbook §16).
 * The incident's own gaps don't count. What can't be read is kept as unknown, with the reason.
 */
export async function survey(house: House, number: number): Promise<void> {
  const { incident } = await load(house, number);
  if (!incident) return;
  const verdict = await verdictOf(house, 'gaps', '12mo');
  const isOwn = (start: Date) => incident.gaps.some((gap) => Math.abs(between(gap.start.at, start)) <= house.policy.gap.tolerance);
  await handle(house, number, { kind: 'count-earlier-gaps', ...counted(verdict, isOwn, house.now()) }, { kind: 'gapwatch' });
}

type Counted = { readonly count: number | null; readonly words: string };

function counted(verdict: Verdict, isOwn: (start: Date) => boolean, now: Date): Counted {
  if (verdict.chart === undefined) return { count: null, words: `not counted: ${verdict.evidence}` };
  const earlier = verdict.chart.gaps.filter(({ start }) => !isOwn(start));
  if (earlier.length === 0) return { count: 0, words: 'none in the last 12 months of the audit table' };
  const longest = Math.max(...earlier.map(({ start, end }) => between(start, end ?? now)));
  return {
    count: earlier.length,
    words: `${earlier.length} in the last 12 months of the audit table, the longest ${formatDuration(longest)}`,
  };
}
