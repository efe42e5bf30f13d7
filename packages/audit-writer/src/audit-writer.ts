import { setTimeout as sleep } from 'node:timers/promises';
import { guardInsert } from './circuit-breaker.ts';
import { AuditRecordNotKept, AuditWriterClosed } from './errors.ts';
import type { AuditWriterFigures, WriteCounts } from './figures.ts';
import { openObjectStorageSpool } from './object-storage-spool.ts';
import { type AuditWriterOptions, type Place, type ResolvedOptions, resolveOptions } from './options.ts';
import { type AnyColumns, type NewAuditRecord, prepareRecord } from './record.ts';
import { openReplay } from './replay.ts';
import { openSetAside } from './set-aside.ts';
import { backlog, settle } from './settle.ts';
import { openSpool } from './spool.ts';
import { openWriteQueue } from './write-queue.ts';

/** Writes audit records so that a failing database leaves no gap. */
export type AuditWriter<Columns extends object = AnyColumns> = {
  /**
   * Returns where the record is safe, once it is; it survives the process from then on. Records come into the database in the order of these calls. Throws
   * {@link AuditRecordNotKept} when nothing took it, {@link AuditRecordRefused} when the database refuses what it holds.
   */
  readonly write: (record: NewAuditRecord<Columns>) => Promise<Place>;
  readonly figures: () => AuditWriterFigures;
  /** Returns when every record that waits is in the database. */
  readonly drained: () => Promise<void>;
  /** Settles what was written, then releases the folder; what waits is replayed by the next process. */
  readonly close: () => Promise<void>;
};

/** Opens a writer for rows of the type `Columns`. Throws {@link AuditSpoolInUse} when another writer uses the folder. */
export function openAuditWriter<Columns extends object = AnyColumns>(options: AuditWriterOptions<Columns>): Promise<AuditWriter<Columns>>;
export async function openAuditWriter(given: AuditWriterOptions): Promise<AuditWriter> {
  const options = resolveOptions(given);
  const parts = await openParts(options);
  const queue = openWriteQueue((batch) => settle(parts, batch));
  let isClosed = false;
  parts.replay.wake();
  return {
    write: async (record) => {
      if (isClosed) throw new AuditWriterClosed('the audit writer was closed');
      const prepared = prepareRecord(record, options.timestampColumn, new Date());
      if (queue.size() >= options.maximumWaiting) {
        parts.counts.notKept += 1;
        throw new AuditRecordNotKept(`${options.maximumWaiting} audit records wait already`);
      }
      return queue.add(prepared);
    },
    figures: () => figuresOf(parts),
    drained: async () => {
      while (backlog(parts) + queue.size() > 0) await sleep(10);
    },
    close: async () => {
      isClosed = true;
      await queue.settled();
      await parts.replay.stop();
      await parts.spool.close();
    },
  };
}

type Parts = Awaited<ReturnType<typeof openParts>>;

async function openParts(options: ResolvedOptions) {
  const { folder, maximumSpoolBytes, objects, onEvent } = options;
  const spool = await openSpool(folder, maximumSpoolBytes);
  const objectSpool = objects && openObjectStorageSpool(objects);
  // What an earlier process has left in object storage comes first; storage that does not answer holds nobody up.
  await objectSpool?.discover().catch(() => undefined);
  const database = guardInsert(options);
  const counts: WriteCounts = { database: 0, spool: 0, s3: 0, refused: 0, notKept: 0 };
  const setAside = openSetAside({ folder, onEvent, counts });
  const replay = openReplay({ spool, objectSpool, database, setAside, onEvent, retryMilliseconds: options.retryMilliseconds });
  return { spool, objectSpool, database, counts, setAside, replay, onEvent };
}

function figuresOf(parts: Parts): AuditWriterFigures {
  return {
    ...parts.counts,
    ...parts.replay.figures(),
    failures: parts.database.failures(),
    waiting: backlog(parts),
    spoolBytes: parts.spool.bytes(),
    isBreakerOpen: parts.database.isOpen(),
  };
}
