import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { AuditWriterOptions } from './audit-writer.ts';
import type { AuditRecord } from './record.ts';
import { isRefusal } from './refusal.ts';

/** What became of an attempt: in the database, refused for what a record holds, or the database is away, which says nothing of the records. */
export type Attempt = { readonly kind: 'written' } | { readonly kind: 'refused' | 'away'; readonly error: unknown };

/** The way into the database, with a time limit and a circuit breaker: after three failures nobody waits for a fourth. */
export type DatabaseDoor = {
  readonly insert: (records: readonly AuditRecord[]) => Promise<Attempt>;
  readonly failures: () => number;
  readonly isOpen: () => boolean;
};

const FAILURES_THAT_OPEN = 3;

/** A record that is refused is no failure of the database, and does not open the circuit. */
export function openDatabaseDoor(
  insert: AuditWriterOptions['insert'],
  timeoutMilliseconds: number,
  halfOpenAfterMilliseconds: number,
): DatabaseDoor {
  const breaker = circuitBreaker(
    handleWhen((error) => !isRefusal(error)),
    { halfOpenAfter: halfOpenAfterMilliseconds, breaker: new ConsecutiveBreaker(FAILURES_THAT_OPEN) },
  );
  // An insert that comes to an end after its time is no harm: the ids are the same when it runs again.
  const policy = wrap(breaker, timeout(timeoutMilliseconds, TimeoutStrategy.Aggressive));
  let failures = 0;
  return {
    insert: async (records) => {
      try {
        await policy.execute(() => Promise.resolve(insert(records)));
        return { kind: 'written' };
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) failures += 1;
        return { kind: isRefusal(error) ? 'refused' : 'away', error };
      }
    },
    failures: () => failures,
    isOpen: () => breaker.state === CircuitState.Open,
  };
}
