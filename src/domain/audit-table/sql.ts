import { z } from 'zod';

/** A statement as data: its text with `$1`… and the values. Only a service runs it. */
export type Sql = { readonly text: string; readonly values: readonly (string | number | null)[] };

/** The rows a statement answered, not yet trusted. */
export type Rows = readonly unknown[];

/**
 * The monitored table as the catalogue knows it. `hasTimeZone` tells `timestamptz` from Prisma's `timestamp` in UTC; `isIndexed`
 * whether an index leads with the timestamp, so that first and last records cost one probe.
 */
export type AuditTable = {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
  readonly hasTimeZone: boolean;
  readonly isIndexed: boolean;
};

/** Instants leave the database as text with microseconds, whatever zone the session or this process is in. */
const FORMAT = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** The table's name, quoted for SQL. */
export function tableSql(table: AuditTable): string {
  return `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
}

/** The timestamp column, quoted for SQL. */
export function columnSql(table: AuditTable): string {
  return quoteIdentifier(table.column);
}

/** An instant as the column's own type, so that comparisons use its index and no session zone matters. */
export function asColumn(table: AuditTable, instant: string): string {
  return table.hasTimeZone ? `(${instant})` : `((${instant}) at time zone 'UTC')`;
}

/** A value of the column's type as text in UTC. */
export function asText(table: AuditTable, expression: string): string {
  return `to_char(${table.hasTimeZone ? `(${expression}) at time zone 'UTC'` : `(${expression})`}, ${FORMAT})`;
}

/** A `timestamptz` expression as text in UTC. */
export function instantText(expression: string): string {
  return `to_char((${expression}) at time zone 'UTC', ${FORMAT})`;
}

/** Reads an instant that {@link asText} wrote. Microseconds beyond the millisecond are dropped. */
export const instantColumn = z.string().transform((text) => new Date(`${text.slice(0, 23)}Z`));

/** A name quoted as an SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name for people's SQL: as it stands when it is plain, else quoted. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);
}
