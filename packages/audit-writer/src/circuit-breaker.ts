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
import type { ResolvedOptions } from './options.ts';
import type { AuditRecord } from './record.ts';
import { isRefusal } from './refusal.ts';

/** The outcome of an insert: written, refused for what a record holds, or the database is unavailable, which says nothing about the records. */
export type InsertOutcome = { readonly kind: 'written' } | { readonly kind: 'refused' | 'unavailable'; readonly error: unknown };

/** The application's `insert` behind a time limit and a circuit breaker: after three failures nobody waits for a fourth. */
export type GuardedInsert = {
  readonly insert: (records: readonly AuditRecord[]) => Promise<InsertOutcome>;
  readonly failures: () => number;
  readonly isOpen: () => boolean;
};

type Limits = Pick<ResolvedOptions, 'insert' | 'timeoutMilliseconds' | 'retryMilliseconds'>;

const FAILURES_THAT_OPEN = 3;

/** Returns the guarded insert. A refused record is no failure of the database and does not open the circuit. */
export function guardInsert({ insert, timeoutMilliseconds, retryMilliseconds }: Limits): GuardedInsert {
  const breaker = circuitBreaker(
    handleWhen((error) => !isRefusal(error)),
    { halfOpenAfter: retryMilliseconds, breaker: new ConsecutiveBreaker(FAILURES_THAT_OPEN) },
  );
  // An insert that finishes after its time is harmless: the ids are the same when it runs again.
  const policy = wrap(breaker, timeout(timeoutMilliseconds, TimeoutStrategy.Aggressive));
  let failures = 0;
  return {
    insert: async (records) => {
      try {
        await policy.execute(() => Promise.resolve(insert([...records])));
        return { kind: 'written' };
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) failures += 1;
        return { kind: isRefusal(error) ? 'refused' : 'unavailable', error };
      }
    },
    failures: () => failures,
    isOpen: () => breaker.state === CircuitState.Open,
  };
}
