import { z } from 'zod';

/** A statement as data: its text with `$1`… and the values. Only a service runs it. */
export type Sql = { readonly text: string; readonly values: readonly (string | number | null)[] };

/** The rows a statement answered, not yet trusted. */
export type Rows = readonly unknown[];

/**
 * How a column holds the time of a record. A time without zone is local time of `zone`; an epoch is a whole number since 1970 in UTC; a text
 * is ISO 8601, each record with the same separator, number of digits after the second, and ending.
 */
export type TimeColumn =
  | { readonly kind: 'timestamptz' }
  | { readonly kind: 'timestamp'; readonly zone: string }
  | { readonly kind: 'epoch'; readonly unit: EpochUnit }
  | { readonly kind: 'text'; readonly zone: string; readonly separator: string; readonly digits: number; readonly ending: string };

export type EpochUnit = 'seconds' | 'milliseconds' | 'microseconds';

/**
 * The monitored table as the catalogue knows it. `isIndexed`: whether an index leads with the timestamp, so that first and last records
 * cost one probe. `isFiltered`: whether row-level security hides records from our role, so that nothing can be said of them.
 */
export type AuditTable = {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
  readonly time: TimeColumn;
  readonly isIndexed: boolean;
  readonly isFiltered: boolean;
};

/** A table of which only the name matters, such as a backup. */
export function tableNamed(schema: string, name: string, column: string): AuditTable {
  return { schema, name, column, time: { kind: 'timestamp', zone: 'UTC' }, isIndexed: false, isFiltered: false };
}

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

/** An instant as the column's own type, so that comparisons use its index and no session zone matters. Rounded down to what it holds. */
export function asColumn({ time }: Pick<AuditTable, 'time'>, instant: string): string {
  switch (time.kind) {
    case 'timestamptz':
      return `(${instant})`;
    case 'timestamp':
      return `((${instant}) at time zone ${quoteLiteral(time.zone)})`;
    case 'epoch':
      return `((${epochMicroseconds(instant)}) / ${PER_MICROSECONDS[time.unit]})::bigint`;
    case 'text': {
      const format = quoteLiteral(`YYYY-MM-DD"${time.separator}"HH24:MI:SS.US`);
      const length = time.digits === 0 ? 19 : 20 + time.digits;
      return `(left(to_char((${instant}) at time zone ${quoteLiteral(time.zone)}, ${format}), ${length}) || ${quoteLiteral(time.ending)})`;
    }
    default:
      return time satisfies never;
  }
}

/** A value of the column's type as a `timestamptz`. */
export function asInstant({ time }: Pick<AuditTable, 'time'>, expression: string): string {
  switch (time.kind) {
    case 'timestamptz':
      return `(${expression})`;
    case 'timestamp':
      return `((${expression}) at time zone ${quoteLiteral(time.zone)})`;
    case 'epoch':
      return `(timestamptz '1970-01-01 00:00:00Z' + (${expression}) * interval '1 ${time.unit.slice(0, -1)}')`;
    case 'text':
      // The ending was seen to be UTC's or absent; a cast to a time without zone ignores it.
      return `(((${expression})::text)::timestamp at time zone ${quoteLiteral(time.zone)})`;
    default:
      return time satisfies never;
  }
}

/** A value of the column's type as text in UTC. */
export function asText(table: Pick<AuditTable, 'time'>, expression: string): string {
  const { time } = table;
  // The commonest kinds without a conversion there and back.
  if (time.kind === 'timestamp' && time.zone === 'UTC') return `to_char((${expression}), ${FORMAT})`;
  return instantText(asInstant(table, expression));
}

/** How a value is typed whose arithmetic is that of instants: such columns need no conversion in the gap scan. Null for the others. */
export function nativeType({ time }: Pick<AuditTable, 'time'>): 'timestamptz' | 'timestamp' | null {
  if (time.kind === 'timestamptz') return 'timestamptz';
  return time.kind === 'timestamp' && time.zone === 'UTC' ? 'timestamp' : null;
}

/** Dates before this are no times of audit records: zero dates, minus infinity, years before Christ. */
export const EARLIEST = `timestamptz '2000-01-01 00:00:00Z'`;

const PER_MICROSECONDS: Readonly<Record<EpochUnit, number>> = { seconds: 1_000_000, milliseconds: 1_000, microseconds: 1 };

/** Exact whole numbers: before PostgreSQL 14 the epoch is a floating-point number, which is too coarse for microseconds. */
function epochMicroseconds(instant: string): string {
  return `extract(epoch from date_trunc('second', (${instant})))::bigint * 1000000 + extract(microseconds from (${instant}))::bigint % 1000000`;
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

/** A text quoted as an SQL literal, whatever the server's settings are. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted}` : quoted;
}
