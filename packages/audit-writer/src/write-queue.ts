import { AuditRecordNotKept } from './errors.ts';
import type { Place } from './options.ts';
import type { PreparedRecord } from './record.ts';

/** A record that `write` has taken, and how to tell its caller where it is safe. */
export type PendingWrite = PreparedRecord & {
  readonly resolve: (place: Place) => void;
  readonly reject: (error: Error) => void;
};

/** Records on their way to a place, in the order of the calls of `write`. */
export type WriteQueue = {
  /** Returns where the record is safe, once it is. Rejects when nothing could keep it. */
  readonly add: (prepared: PreparedRecord) => Promise<Place>;
  /** How many records wait in memory for their batch. */
  readonly size: () => number;
  /** Returns when nothing is on its way any more. */
  readonly settled: () => Promise<void>;
};

/** How many records go into one statement, or are flushed together. */
export const BATCH_SIZE = 200;

/** Returns an empty queue that gives its records to `settle`, one batch at a time. */
export function openWriteQueue(settle: (batch: readonly PendingWrite[]) => Promise<void>): WriteQueue {
  const pending: PendingWrite[] = [];
  let running: Promise<void> | null = null;
  const run = async () => {
    // Calls of the same moment share one statement and one flush.
    await Promise.resolve();
    while (pending.length > 0) {
      const batch = pending.splice(0, BATCH_SIZE);
      await settle(batch).catch((cause: unknown) => rejectAll(batch, cause));
    }
    running = null;
  };
  return {
    add: (prepared) => {
      const { promise, resolve, reject } = Promise.withResolvers<Place>();
      pending.push({ ...prepared, resolve, reject });
      running ??= run();
      return promise;
    },
    size: () => pending.length,
    settled: async () => {
      while (running) await running;
    },
  };
}

/** Tells the callers that nothing could keep their records. */
export function rejectAll(batch: readonly PendingWrite[], cause: unknown): void {
  for (const { record, reject } of batch) reject(new AuditRecordNotKept(`nothing could keep audit record ${record.id}`, { cause }));
}
