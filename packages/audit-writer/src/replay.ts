import type { GuardedInsert } from './circuit-breaker.ts';
import type { ObjectStorageSpool } from './object-storage-spool.ts';
import type { ResolvedOptions } from './options.ts';
import { type AuditRecord, lineOf } from './record.ts';
import type { SetAside } from './set-aside.ts';
import type { Chunk, Spool } from './spool.ts';
import { BATCH_SIZE } from './write-queue.ts';

type Parts = Pick<ResolvedOptions, 'retryMilliseconds' | 'onEvent'> & {
  readonly spool: Spool;
  readonly objectSpool: ObjectStorageSpool | null;
  readonly database: GuardedInsert;
  readonly setAside: SetAside;
};

/** Brings what waits into the database, oldest first, as soon as that is possible. */
export type Replay = {
  readonly wake: () => void;
  /** Whether the last attempt went well, so that what waits is on its way. */
  readonly isFlowing: () => boolean;
  /** Returns when the next attempt has ended. */
  readonly nextAttempt: () => Promise<void>;
  readonly figures: () => { readonly replayed: number; readonly damaged: number };
  /** Ends it after what is under way. */
  readonly stop: () => Promise<void>;
};

type Figures = { replayed: number; damaged: number };
type Attempt = 'more' | 'nothing' | 'failed';

/** Returns an idle replay. Object storage is read when it first wakes, for what an earlier process has left there. */
export function openReplay(parts: Parts): Replay {
  const figures: Figures = { replayed: 0, damaged: 0 };
  const attempts = openSignal();
  const stopping = new AbortController();
  let running: Promise<void> | null = null;
  let isFlowing = false;
  const run = async () => {
    while (!stopping.signal.aborted) {
      const outcome = await attempt(parts, figures);
      isFlowing = outcome !== 'failed';
      attempts.emit();
      if (outcome === 'nothing') return;
      if (outcome === 'failed') await pause(parts.retryMilliseconds, stopping.signal);
    }
  };
  const wake = () => {
    running ??= run().finally(() => {
      running = null;
      // Something may have come between the last look and this moment.
      if (!stopping.signal.aborted && isWaiting(parts)) wake();
    });
  };
  return {
    wake,
    isFlowing: () => isFlowing,
    nextAttempt: attempts.next,
    figures: () => figures,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function attempt(parts: Parts, figures: Figures): Promise<Attempt> {
  try {
    const chunk = (await parts.spool.oldest()) ?? (await parts.objectSpool?.oldest()) ?? null;
    if (chunk === null) return 'nothing';
    return (await replayChunk(parts, figures, chunk)) ? 'more' : 'failed';
  } catch (error) {
    // A disk or object storage that does not answer now is asked again.
    parts.onEvent({ kind: 'unreadable', error });
    return 'failed';
  }
}

/** Inserts a whole chunk in its order and returns true, or false to try all of it again: what is in the database already is left alone. */
async function replayChunk(parts: Parts, figures: Figures, { records, damaged, remove }: Chunk): Promise<boolean> {
  let inserted = 0;
  for (let from = 0; from < records.length; from += BATCH_SIZE) {
    const batch = records.slice(from, from + BATCH_SIZE);
    const refused = await insertAll(parts.database, batch);
    if (refused === 'unavailable') return false;
    for (const { record, error } of refused) await parts.setAside.refused({ record, line: lineOf(record) }, error);
    inserted += batch.length - refused.length;
  }
  await parts.setAside.damaged(damaged);
  await remove();
  figures.replayed += inserted;
  figures.damaged += damaged.length;
  if (inserted > 0) parts.onEvent({ kind: 'replayed', records: inserted });
  return true;
}

type Refused = { readonly record: AuditRecord; readonly error: unknown };

/** Inserts a batch; when the database refuses it, record by record. Returns the refused ones, or that the database is unavailable. */
async function insertAll(database: GuardedInsert, batch: readonly AuditRecord[]): Promise<readonly Refused[] | 'unavailable'> {
  const outcome = await database.insert(batch);
  if (outcome.kind === 'written') return [];
  if (outcome.kind === 'unavailable') return 'unavailable';
  const refused: Refused[] = [];
  for (const record of batch) {
    const single = await database.insert([record]);
    if (single.kind === 'unavailable') return 'unavailable';
    if (single.kind === 'refused') refused.push({ record, error: single.error });
  }
  return refused;
}

function isWaiting({ spool, objectSpool }: Parts): boolean {
  return spool.count() + (objectSpool?.count() ?? 0) > 0;
}

/** Returns after this time, or at once when the signal aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.resolve();
  const timer = setTimeout(resolve, milliseconds);
  const end = () => {
    clearTimeout(timer);
    resolve();
  };
  signal.addEventListener('abort', end, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', end));
}

/** Lets any number of callers wait for the next time something happens. */
function openSignal(): { readonly emit: () => void; readonly next: () => Promise<void> } {
  let happened = Promise.withResolvers<void>();
  return {
    emit: () => {
      happened.resolve();
      happened = Promise.withResolvers();
    },
    next: () => happened.promise,
  };
}
