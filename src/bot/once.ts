import { beginAttempt } from '#store/outbox-attempts.ts';
import type { AppContext } from '#workflows/context.ts';

/**
 * Whether this request of a person is new. Slack delivers again what it thinks was not acknowledged, and a signed request is valid for five
 * minutes to whoever recorded it: each carries its trigger's ID, which is the same in every copy. Throws when the store is away.
 */
export async function isNewRequest(context: AppContext, triggerId: string | undefined): Promise<boolean> {
  if (triggerId === undefined) return true;
  return beginAttempt(context.database, 0, `slack-request/${triggerId.slice(0, 200)}`, 1, context.now());
}

export const DELIVERED_TWICE = 'Slack delivered this twice. It was done once.';
