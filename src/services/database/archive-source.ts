import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { z } from 'zod';
import type { AuditTable, Sql } from '#domain/audit-table/sql.ts';
import { tableSql } from '#domain/audit-table/sql.ts';
import { parseTable, tableQuery } from '#domain/audit-table/table.ts';
import { redactLine } from '#domain/base/text/foreign.ts';
import {
  type Archivable,
  archivableSchema,
  archiveQueries,
  askForArchivable,
  askForPressure,
  deleteByKeys,
  type Key,
} from '#domain/remedies/archive.ts';
import { ServiceFailure } from '#services/failure.ts';
import { inTransaction, withWriter } from './writer-connection.ts';

/** The keys of some rows: for each row the texts of its key's columns. */
export type Keys = readonly (readonly string[])[];

/** A deletion at work. */
export type Deletion = {
  /** Deletes rows by their keys in one short transaction; returns how many there still were. */
  readonly remove: (keys: Keys) => Promise<number>;
  /** Sessions that wait for a lock on the table, and seconds by which the furthest replica is behind. */
  readonly pressure: () => Promise<{ readonly waiting: number; readonly lag: number }>;
};

/** The audit table as the remedy archive needs it, with the application's own role. Every method throws a {@link ServiceFailure}. */
export type AuditArchive = {
  readonly inventory: (cutoff: Date) => Promise<{ readonly table: AuditTable; readonly archivable: Archivable }>;
  /**
   * One snapshot: the rows before the cutoff as a stream of CSV, which `onRows` must take to its end, then their keys in batches. Returns how many
   * rows the stream held, and what `onRows` made of it.
   */
  readonly exportRows: <Result>(
    what: { readonly table: AuditTable; readonly key: Key; readonly cutoff: Date },
    onRows: (rows: Readable) => Promise<Result>,
    onKeys: (keys: Keys) => Promise<void>,
  ) => Promise<{ readonly rows: number; readonly result: Result }>;
  /** Opens a connection on which rows are deleted, until `work` is done. */
  readonly deleting: <Answer>(table: AuditTable, key: Key, work: (deletion: Deletion) => Promise<Answer>) => Promise<Answer>;
  /** Returns what the server remarked, for instance that it skipped the table. */
  readonly vacuum: (table: AuditTable, full: boolean) => Promise<readonly string[]>;
};

const SHORT = { statementMilliseconds: 60_000 };
const READING = { ...SHORT, mode: 'read only' };
const BATCH = 5_000;

/** Connects anew for each work; nothing is kept open between them. */
export function connectAuditArchive(url: string, tableName: string, column: string, zone = 'UTC'): AuditArchive {
  return {
    inventory: (cutoff) =>
      withWriter(url, (client) =>
        inTransaction(client, READING, async () => {
          const found = parseTable((await ask(client, tableQuery(tableName, column))).rows, tableName, column, zone);
          if ('missing' in found) throw new ServiceFailure('audit-database', 'refused', found.missing);
          return { table: found, archivable: archivableSchema.parse((await ask(client, askForArchivable(found, cutoff))).rows[0]) };
        }),
      ),
    exportRows: ({ table, key, cutoff }, onRows, onKeys) =>
      withWriter(url, (client) =>
        // As long as it takes: the transaction only reads, and the stream's reader sets the pace.
        inTransaction(client, { mode: 'isolation level repeatable read read only' }, async () => {
          const queries = archiveQueries(table, key, cutoff);
          const stream = client.query(copyTo(`copy (${queries.rows}) to stdout (format csv, header)`));
          const result = await onRows(stream);
          await client.query(`declare keys no scroll cursor for ${queries.keys}`);
          for (;;) {
            const { rows } = await client.query({ text: `fetch ${BATCH} from keys`, rowMode: 'array' });
            if (rows.length === 0) break;
            await onKeys(keysSchema.parse(rows));
          }
          return { rows: stream.rowCount, result };
        }),
      ),
    deleting: (table, key, work) =>
      withWriter(url, (client) =>
        work({
          remove: async (keys) => {
            const columns = key.map((_, index) => keys.map((each) => each[index] ?? null));
            const deleted = await inTransaction(client, SHORT, () => client.query(deleteByKeys(table, key), columns));
            return deleted.rowCount ?? 0;
          },
          pressure: () => inTransaction(client, READING, async () => pressureRow.parse((await ask(client, askForPressure(table))).rows[0])),
        }),
      ),
    vacuum: (table, full) =>
      withWriter(url, (client) => vacuum(client, `vacuum (${full ? 'full, ' : ''}analyze, skip_locked) ${tableSql(table)}`)),
  };
}

/**
 * VACUUM runs in no transaction, so that no timeout for its lock can be set through a pooler. It takes the lock only when it is free: one that
 * waited would make every writer behind it wait too. Returns what the server remarked of the last try.
 */
async function vacuum(client: pg.Client, statement: string): Promise<readonly string[]> {
  const remarks: string[] = [];
  client.on('notice', ({ severity, message }) => {
    if (severity === 'WARNING' && message) remarks.push(redactLine(message, 200));
  });
  for (let tried = 1; ; tried += 1) {
    remarks.length = 0;
    await client.query(statement);
    if (tried === VACUUM_TRIES || !remarks.some((remark) => remark.includes('lock not available'))) return remarks;
    await sleep(VACUUM_PAUSE_MILLISECONDS);
  }
}

const VACUUM_TRIES = 20;
const VACUUM_PAUSE_MILLISECONDS = 100;

const keysSchema = z.array(z.array(z.string()));
const pressureRow = z.object({ waiting: z.number(), lag: z.number() });

function ask(client: pg.Client, { text, values }: Sql) {
  return client.query(text, [...values]);
}
