import type { ObjectStorage } from './object-storage.ts';
import type { AnyColumns, AuditRecord } from './record.ts';

/** Where a record is safe: in the database, on the local disk, or in object storage. */
export type Place = 'database' | 'spool' | 's3';

/** What a writer needs. `Columns` is the application's own type of a row, such as Prisma's `AuditLogCreateManyInput`; any columns unless given. */
export type AuditWriterOptions<Columns extends object = AnyColumns> = {
  /**
   * Inserts records in their order, all or none, and does nothing for an id that exists already: `insertInto(pool, 'AuditLog')`, or with Prisma
   * `(data) => prisma.auditLog.createMany({ data, skipDuplicates: true })`. The array is the function's own.
   */
  readonly insert: (records: AuditRecord<NoInfer<Columns>>[]) => Promise<unknown>;
  /** A folder of this process alone, on a disk that outlives it. */
  readonly folder: string;
  /** Takes what the local disk does not: `storeInS3({ client, bucket, prefix })` of `@gapwatch/audit-writer/s3`. */
  readonly objects?: ObjectStorage;
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
  /** Called when records go elsewhere than into the database, and when they are replayed into it: the runbook's "alert on fallback usage". */
  readonly onEvent?: (event: AuditWriterEvent) => void;
};

/** Something an operator may want to know. `error` is what the database, the disk or object storage threw. */
export type AuditWriterEvent =
  | { readonly kind: 'fallback'; readonly place: Place; readonly records: number; readonly error: unknown }
  | { readonly kind: 'replayed'; readonly records: number }
  | { readonly kind: 'refused'; readonly id: string; readonly error: unknown }
  | { readonly kind: 'not-kept'; readonly records: number; readonly error: unknown }
  | { readonly kind: 'damaged'; readonly lines: number }
  | { readonly kind: 'unreadable'; readonly error: unknown };

/** Options with their defaults filled in; `objects` is null where there is no object storage. */
export type ResolvedOptions = Readonly<Required<Omit<AuditWriterOptions, 'objects'>>> & { readonly objects: ObjectStorage | null };

const GIBIBYTE = 1024 ** 3;

/** Returns the options with their defaults. The listener it returns never throws. */
export function resolveOptions(options: AuditWriterOptions): ResolvedOptions {
  return {
    insert: options.insert,
    folder: options.folder,
    objects: options.objects ?? null,
    timestampColumn: options.timestampColumn ?? 'timestamp',
    timeoutMilliseconds: options.timeoutMilliseconds ?? 5_000,
    retryMilliseconds: options.retryMilliseconds ?? 1_000,
    maximumSpoolBytes: options.maximumSpoolBytes ?? GIBIBYTE,
    maximumWaiting: options.maximumWaiting ?? 10_000,
    onEvent: (event) => {
      try {
        options.onEvent?.(event);
      } catch {
        // A bug in the application's listener must not lose the record.
      }
    },
  };
}
