import type { GuardedInsert } from './circuit-breaker.ts';
import { AuditRecordRefused } from './errors.ts';
import type { WriteCounts } from './figures.ts';
import type { ObjectStorageSpool } from './object-storage-spool.ts';
import type { Place, ResolvedOptions } from './options.ts';
import type { Replay } from './replay.ts';
import type { SetAside } from './set-aside.ts';
import type { Spool } from './spool.ts';
import { BATCH_SIZE, type PendingWrite, rejectAll } from './write-queue.ts';

type Parts = {
  readonly database: GuardedInsert;
  readonly spool: Spool;
  readonly objectSpool: ObjectStorageSpool | null;
  readonly replay: Replay;
  readonly setAside: SetAside;
  readonly counts: WriteCounts;
  readonly onEvent: ResolvedOptions['onEvent'];
};

/** A place other than the database, and how a batch gets there. */
type Fallback = { readonly place: 'spool' | 's3'; readonly append: (lines: readonly string[]) => Promise<void> };

/**
 * Brings a batch to a safe place and tells its callers which. As long as older records wait in a spool, new ones line up behind them: none may overtake
 * another.
 */
export async function settle(parts: Parts, batch: readonly PendingWrite[]): Promise<void> {
  await waitForShortBacklog(parts);
  if (backlog(parts) > 0) return fallBack(parts, batch, null);
  const outcome = await parts.database.insert(batch.map(({ record }) => record));
  switch (outcome.kind) {
    case 'written':
      return resolveAll(parts, batch, 'database');
    case 'refused':
      return settleRefused(parts, batch, outcome.error);
    case 'unavailable':
      return fallBack(parts, batch, outcome.error);
  }
}

/** Returns how many records are in a spool and not in the database yet. */
export function backlog({ spool, objectSpool }: Pick<Parts, 'spool' | 'objectSpool'>): number {
  return spool.count() + (objectSpool?.count() ?? 0);
}

/** A short backlog that is being replayed is waited for, or under a steady load the database would never be reached directly again. */
async function waitForShortBacklog(parts: Parts): Promise<void> {
  const isShort = () => backlog(parts) > 0 && backlog(parts) <= 2 * BATCH_SIZE;
  while (isShort() && parts.replay.isFlowing()) await parts.replay.nextAttempt();
}

/** One refused record refuses its whole batch, so each is tried alone; the one that is refused alone is set aside. */
async function settleRefused(parts: Parts, batch: readonly PendingWrite[], error: unknown): Promise<void> {
  const [only, ...others] = batch;
  if (others.length > 0) {
    for (const each of batch) await settle(parts, [each]);
    return;
  }
  if (!only) return;
  await parts.setAside.refused(only, error);
  only.reject(
    new AuditRecordRefused(`the database refuses audit record ${only.record.id}; it is kept in refused.ndjson`, { cause: error }),
  );
}

/** `error` is why the database did not take the batch; null when it was not asked. */
async function fallBack(parts: Parts, batch: readonly PendingWrite[], error: unknown): Promise<void> {
  const lines = batch.map(({ line }) => line);
  let failure = error;
  for (const { place, append } of fallbacks(parts)) {
    try {
      await append(lines);
    } catch (cause) {
      failure = cause;
      continue;
    }
    resolveAll(parts, batch, place);
    if (error !== null || place === 's3') parts.onEvent({ kind: 'fallback', place, records: batch.length, error: failure });
    return parts.replay.wake();
  }
  parts.counts.notKept += batch.length;
  parts.onEvent({ kind: 'not-kept', records: batch.length, error: failure });
  rejectAll(batch, failure);
}

function fallbacks({ spool, objectSpool }: Parts): readonly Fallback[] {
  const local: Fallback = { place: 'spool', append: spool.append };
  if (objectSpool === null) return [local];
  const remote: Fallback = { place: 's3', append: (lines) => objectSpool.append(lines, new Date()) };
  // Records in S3 are newer than those on the disk, so the next ones go behind them.
  return objectSpool.count() > 0 ? [remote, local] : [local, remote];
}

function resolveAll({ counts }: Parts, batch: readonly PendingWrite[], place: Place): void {
  counts[place] += batch.length;
  for (const { resolve } of batch) resolve(place);
}
