import { createHash, randomUUID } from 'node:crypto';

/** An audit record as it is written: its `id` makes a second writing harmless. It carries the time of the access, not of its writing. */
export type AuditRecord = { readonly id: string; readonly [column: string]: unknown };

/** A record as the application gives it; its id and its time are made when they are absent. Everything in it must be JSON. */
export type NewAuditRecord = { readonly id?: string; readonly [column: string]: unknown };

/** The record with its id and time, as JSON will have it. Throws a TypeError for what JSON has no word for, such as a bigint. */
export function complete(
  given: NewAuditRecord,
  timestampColumn: string,
  now: Date,
): { readonly record: AuditRecord; readonly line: string } {
  const record = { ...given, id: given.id ?? randomUUID(), [timestampColumn]: given[timestampColumn] ?? now };
  const line = lineOf(record);
  // The database is given what the spool would give it later: dates as text, nothing that JSON does not know.
  return { record: recordOf(line.trimEnd()) ?? record, line };
}

/** A line of the spool: a checksum, then the record as JSON, which has no line end inside. */
export function lineOf(record: AuditRecord): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

/** The record in a line; null when the line is torn or damaged. */
export function recordOf(line: string): AuditRecord | null {
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
