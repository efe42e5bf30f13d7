import { between, formatDuration, type Milliseconds } from '#domain/base/time.ts';
import type { Verdict } from '#domain/checks/verdict.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { checkVerdict } from './verdict.ts';

/**
 * After a resolution: counts the gaps of the last 12 months in the audit table itself, for the assessment of "previous gaps" (runbook §16).
 * The incident's own gaps don't count. What can't be read is kept as unknown, with the reason; what is counted is counted once.
 */
export async function countEarlierGaps(context: AppContext, number: number, within?: Milliseconds): Promise<void> {
  const { incident } = await load(context, number);
  if (!incident || typeof incident.followUp.earlierGaps?.count === 'number') return;
  const verdict = await checkVerdict(context, 'gaps', '12mo', within === undefined ? {} : { within });
  const isOwn = (start: Date) => incident.gaps.some((gap) => Math.abs(between(gap.start.at, start)) <= context.policy.gap.tolerance);
  await execute(context, number, { kind: 'count-earlier-gaps', ...counted(verdict, isOwn, context.now()) }, { kind: 'gapwatch' });
}

type Counted = { readonly count: number | null; readonly text: string };

function counted(verdict: Verdict, isOwn: (start: Date) => boolean, now: Date): Counted {
  if (verdict.chart === undefined) return { count: null, text: `not counted: ${verdict.evidence}` };
  const earlier = verdict.chart.gaps.filter(({ start }) => !isOwn(start));
  if (earlier.length === 0) return { count: 0, text: 'none in the last 12 months of the audit table' };
  const longest = Math.max(...earlier.map(({ start, end }) => between(start, end ?? now)));
  return {
    count: earlier.length,
    text: `${earlier.length} in the last 12 months of the audit table, the longest ${formatDuration(longest)}`,
  };
}
