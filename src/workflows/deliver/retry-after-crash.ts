import type { OutboxMessage } from '#domain/incident/outbox/message.ts';
import { beginAttempt } from '#store/outbox-attempts.ts';
import type { AppContext } from '#workflows/context.ts';

/**
 * Notes that the next attempt of a message begins, before anything goes out. Returns whether an earlier one may have been delivered: the
 * process died in the middle of it, or its answer was unclear. Then its trace is looked for before it goes out again.
 */
export async function beginAndSeeWhetherSent(context: AppContext, number: number, outgoing: OutboxMessage): Promise<boolean> {
  const { key, status } = outgoing;
  const isFirst = await beginAttempt(context.database, number, key, attemptNumber(outgoing), context.now());
  return !isFirst || (status.name === 'due' && (status.unclear ?? 0) > 0);
}

/** Returns the number of the next attempt, from 1. */
export function attemptNumber({ status }: OutboxMessage): number {
  return (status.name === 'due' ? status.attempts : 0) + 1;
}
