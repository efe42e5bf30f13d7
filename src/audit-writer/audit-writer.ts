import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabaseDoor } from './database-door.ts';
import { AuditRecordNotKept, AuditRecordRefused, AuditWriterClosed } from './errors.ts';
import { openFarSpool } from './far-spool.ts';
import type { AuditWriterFigures } from './figures.ts';
import type { ObjectStore } from './object-store.ts';
import { type AuditRecord, complete, type NewAuditRecord } from './record.ts';
import { openReplay } from './replay.ts';
import { openSpool } from './spool.ts';

/** Where a record is safe: in the database, on the local disk, or in the object store. */
export type Place = 'database' | 'spool' | 's3';

export type AuditWriterOptions = {
  /**
   * Writes records into the database, in their order, all or none, and does nothing for an id that is there already: `insertInto(pool, 'AuditLog')`, or with Prisma
   * `(data) => prisma.auditLog.createMany({ data, skipDuplicates: true })`.
   */
  readonly insert: (records: readonly AuditRecord[]) => Promise<unknown>;
  /** A folder of this process alone, on a disk that outlives it. */
  readonly folder: string;
  /** Takes what the local disk does not: `storeInS3({ client, bucket, prefix })` of `gapwatch/audit-writer/s3`. */
  readonly objects?: ObjectStore;
  /** The column that holds the time of the access; `timestamp` unless given. */
  readonly timestampColumn?: string;
  /** How long one attempt of `insert` may take; 5,000 ms unless given. */
  readonly timeoutMilliseconds?: number;
  /** How often the database is tried while records wait; 1,000 ms unless given. */
  readonly retryMilliseconds?: number;
  /** The most bytes of the spool on disk; 1 GiB unless given. */
  readonly maximumSpoolBytes?: number;
  /** The most records that wait in memory at once; 10,000 unless given. */
  readonly maximumWaiting?: number;
  /** Told when records go elsewhere than into the database, and when they are brought there: the runbook's "alert on fallback usage". */
  readonly onEvent?: (event: AuditWriterEvent) => void;
};

export type AuditWriterEvent =
  | { readonly kind: 'fallback'; readonly place: Place; readonly records: number; readonly error: unknown }
  | { readonly kind: 'replayed'; readonly records: number }
  | { readonly kind: 'refused'; readonly id: string; readonly error: unknown }
  | { readonly kind: 'not-kept'; readonly records: number; readonly error: unknown }
  | { readonly kind: 'damaged'; readonly lines: number }
  | { readonly kind: 'unreadable'; readonly error: unknown };

/** Writes audit records so that a failing database leaves no gap. */
export type AuditWriter = {
  /**
   * Answers where the record is safe, once it is; it survives the process from then on. Records come into the database in the order of these calls. Throws
   * {@link AuditRecordNotKept} when nothing took it, {@link AuditRecordRefused} when the database refuses what it holds.
   */
  readonly write: (record: NewAuditRecord) => Promise<Place>;
  readonly figures: () => AuditWriterFigures;
  /** Answers when every record that waits is in the database. */
  readonly isDrained: () => Promise<void>;
  /** Settles what was written, then gives the folder back; what waits is brought in by the next process. */
  readonly close: () => Promise<void>;
};

const BATCH = 200;
const GIBIBYTE = 1024 ** 3;

type Waiting = {
  readonly record: AuditRecord;
  readonly line: string;
  readonly keep: (place: Place) => void;
  readonly fail: (error: Error) => void;
};

/** Opens a writer. Throws {@link AuditSpoolInUse} when another process writes into the folder. */
export async function openAuditWriter(options: AuditWriterOptions): Promise<AuditWriter> {
  const { timestampColumn = 'timestamp', maximumWaiting = 10_000, retryMilliseconds = 1_000 } = options;
  const onEvent = (event: AuditWriterEvent) => {
    try {
      options.onEvent?.(event);
    } catch {
      // An application's mistake in telling of a record must not lose the record.
    }
  };
  const spool = await openSpool(options.folder, options.maximumSpoolBytes ?? GIBIBYTE);
  const far = options.objects ? openFarSpool(options.objects) : null;
  const door = openDatabaseDoor(options.insert, options.timeoutMilliseconds ?? 5_000, retryMilliseconds);
  const counts = { database: 0, spool: 0, s3: 0, refused: 0, notKept: 0 };
  const waiting: Waiting[] = [];
  let accepting: Promise<void> | null = null;
  let isClosed = false;

  // What an earlier process has left in the object store comes first; one that does not answer holds nobody up.
  await far?.discover().catch(() => undefined);
  const refuse = async ({ record, line }: Pick<Waiting, 'record' | 'line'>, error: unknown) => {
    counts.refused += 1;
    await spool.setAside('refused', line);
    onEvent({ kind: 'refused', id: record.id, error });
  };
  const behind = () => spool.count() + (far?.count() ?? 0);
  const replay = openReplay({ spool, far, door, retryMilliseconds, refuse, onEvent });

  /** As long as records wait somewhere, new ones line up behind them: none may overtake another. */
  const settle = async (batch: readonly Waiting[]) => {
    // A few that are on their way are waited for, or under a steady load the way would never be free again.
    while (behind() > 0 && behind() <= 2 * BATCH && replay.isFlowing()) await replay.nextAttempt();
    const isDirect = behind() === 0;
    const outcome = isDirect ? await door.insert(batch.map(({ record }) => record)) : { kind: 'away' as const, error: null };
    if (outcome.kind === 'written') {
      counts.database += batch.length;
      for (const { keep } of batch) keep('database');
      return;
    }
    if (outcome.kind === 'refused') return settleOneByOne(batch, outcome.error);
    await keepElsewhere(batch, outcome.error);
  };
  const settleOneByOne = async (batch: readonly Waiting[], error: unknown) => {
    const [only] = batch;
    if (batch.length > 1) {
      for (const each of batch) await settle([each]);
      return;
    }
    if (!only) return;
    await refuse(only, error);
    only.fail(
      new AuditRecordRefused(`the database refuses audit record ${only.record.id}; it is kept in refused.ndjson`, { cause: error }),
    );
  };
  const keepElsewhere = async (batch: readonly Waiting[], error: unknown) => {
    const lines = batch.map(({ line }) => line);
    const nearby = { place: 'spool' as const, take: () => spool.append(lines) };
    const away = far ? [{ place: 's3' as const, take: () => far.append(lines, new Date()) }] : [];
    // What lies in S3 came after what lies here, so the next goes behind it.
    const places = far && far.count() > 0 ? [...away, nearby] : [nearby, ...away];
    let failure: unknown = error;
    for (const { place, take } of places) {
      try {
        await take();
        counts[place] += batch.length;
        for (const { keep } of batch) keep(place);
        if (error !== null || place === 's3') onEvent({ kind: 'fallback', place, records: batch.length, error: failure });
        return replay.wake();
      } catch (cause) {
        failure = cause;
      }
    }
    counts.notKept += batch.length;
    onEvent({ kind: 'not-kept', records: batch.length, error: failure });
    for (const { record, fail } of batch) fail(new AuditRecordNotKept(`nothing could keep audit record ${record.id}`, { cause: failure }));
  };
  const accept = async () => {
    // A moment for those that come together: one statement, one flush for all of them.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      await settle(batch).catch((cause: unknown) => {
        for (const { record, fail } of batch) fail(new AuditRecordNotKept(`nothing could keep audit record ${record.id}`, { cause }));
      });
    }
    accepting = null;
  };

  replay.wake();
  return {
    write: async (given) => {
      if (isClosed) throw new AuditWriterClosed('the audit writer was closed');
      const { record, line } = complete(given, timestampColumn, new Date());
      if (waiting.length >= maximumWaiting) {
        counts.notKept += 1;
        throw new AuditRecordNotKept(`${maximumWaiting} audit records wait already`);
      }
      const { promise, resolve, reject } = Promise.withResolvers<Place>();
      waiting.push({ record, line, keep: resolve, fail: reject });
      accepting ??= accept();
      return promise;
    },
    figures: () => ({
      ...counts,
      ...replay.figures(),
      failures: door.failures(),
      refused: counts.refused,
      waiting: behind(),
      spoolBytes: spool.bytes(),
      isBreakerOpen: door.isOpen(),
    }),
    isDrained: async () => {
      while (behind() + waiting.length > 0) await sleep(10);
    },
    close: async () => {
      isClosed = true;
      while (accepting) await accepting;
      await replay.stop();
      await spool.close();
    },
  };
}
