import { type Milliseconds, plus } from '#domain/base/time.ts';
import { deliverJob } from '#domain/incident/effects.ts';
import type { AppContext } from '#workflows/context.ts';
import { toNewJob } from '#workflows/jobs.ts';

/**
 * Leaves Slack alone for as long as it asked for in `Retry-After` of a 429. Slack counts by method and workspace, so every incident of this
 * process waits (https://api.slack.com/apis/rate-limits).
 */
export function holdBackSlack({ remembered, now }: Pick<AppContext, 'remembered' | 'now'>, retryAfter: Milliseconds): void {
  remembered.slackRest.until = plus(now(), retryAfter);
}

/** Returns whether Slack asked to be left alone until later. The incident's delivery then gets a job for that moment. */
export async function isSlackHeldBack(context: AppContext, number: number): Promise<boolean> {
  const { until } = context.remembered.slackRest;
  const now = context.now();
  if (until === null || until <= now) return false;
  await context.jobs.enqueue(context.database, toNewJob(deliverJob(number, 'slack', until)), now);
  return true;
}
