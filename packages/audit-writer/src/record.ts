import { createHash, randomUUID } from 'node:crypto';

/** The columns of an audit table whose type the application does not name. */
export type AnyColumns = { readonly [column: string]: unknown };

/**
 * A record as `insert` receives it. Its `id` makes a second insert harmless, and it carries the time of the access, not of the insert. Dates are text
 * (ISO 8601), because a record may have been on disk in between.
 */
export type AuditRecord<Columns extends object = AnyColumns> = {
  readonly [Column in keyof Columns]: Columns[Column] extends infer Value ? (Value extends Date ? string : Value) : never;
} & { readonly id: string };

/** A record as the application gives it; a missing id and time are filled in. Everything in it must be JSON. */
export type NewAuditRecord<Columns extends object = AnyColumns> = Readonly<Columns> & { readonly id?: string };

/** A record ready to be inserted, and its line for the spool. */
export type PreparedRecord = { readonly record: AuditRecord; readonly line: string };

/** Returns the record with its id and time, as JSON will have it. Throws a TypeError for what JSON can't express, such as a bigint. */
export function prepareRecord(given: NewAuditRecord, timestampColumn: string, now: Date): PreparedRecord {
  const record = { ...given, id: given.id ?? randomUUID(), [timestampColumn]: given[timestampColumn] ?? now };
  const line = lineOf(record);
  // The database gets what the spool would give it later: dates as text, nothing that JSON does not know.
  return { record: recordOf(line.trimEnd()) ?? record, line };
}

/** Returns a line of the spool: a checksum, then the record as JSON, which has no line end inside. */
export function lineOf(record: AuditRecord): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

/** Returns the records of a spool's text, and the lines that are torn or damaged. */
export function parseLines(text: string): { readonly records: readonly AuditRecord[]; readonly damaged: readonly string[] } {
  const parsed = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ line, record: recordOf(line) }));
  return {
    records: parsed.flatMap(({ record }) => (record ? [record] : [])),
    damaged: parsed.flatMap(({ line, record }) => (record ? [] : [line])),
  };
}

function recordOf(line: string): AuditRecord | null {
  const json = line.slice(CHECKSUM_LENGTH + 1);
  if (line.slice(0, CHECKSUM_LENGTH) !== checksum(json)) return null;
  const value: unknown = JSON.parse(json);
  return isRecord(value) ? value : null;
}

function isRecord(value: unknown): value is AuditRecord {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}

const CHECKSUM_LENGTH = 16;

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, CHECKSUM_LENGTH);
}
