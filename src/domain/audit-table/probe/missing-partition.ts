import { z } from 'zod';
import { identifier, type Rows, type Sql } from '#domain/audit-table/sql.ts';

/** Asks for the newest partition of a table by range, with its bounds as the catalogue writes them, and for the database's date. */
export function newestPartitionQuery(table: string): Sql {
  return {
    text: `
      select quote_ident(n.nspname) as schema, c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds, to_char(now() at time zone 'UTC', 'YYYY-MM-DD') as today
      from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_namespace n on n.oid = c.relnamespace
      where i.inhparent = to_regclass($1) and pg_get_expr(c.relpartbound, c.oid) like 'FOR VALUES FROM (''%'
      order by pg_get_expr(c.relpartbound, c.oid) desc
      limit 1`,
    values: [table],
  };
}

const row = z.object({ schema: z.string(), name: z.string(), bounds: z.string(), today: z.string() });
const BOUNDS = /^FOR VALUES FROM \('(\d{4}-\d\d-\d\d)[^']*'\) TO \('(\d{4}-\d\d-\d\d)[^']*'\)$/;
const DAY = 86_400_000;

/**
 * The statement that makes the partition of today, as wide as the newest one; null where the partitions are no ranges of days or months
 * by the time alone.
 */
export function createPartitionSql(table: string, rows: Rows): string | null {
  const [first] = rows;
  if (first === undefined) return null;
  const { schema, name, bounds, today } = row.parse(first);
  const [, from = '', to = ''] = BOUNDS.exec(bounds) ?? [];
  if (from === '' || to === '') return null;
  const range = from.endsWith('-01') && to.endsWith('-01') ? monthsOf(from, to, today) : daysOf(from, to, today);
  if (range === null) return null;
  return `CREATE TABLE ${schema}.${identifier(nameFor(name, range.from))} PARTITION OF ${table} FOR VALUES FROM ('${range.from}') TO ('${range.to}');`;
}

type Range = { readonly from: string; readonly to: string };

function monthsOf(from: string, to: string, today: string): Range | null {
  const month = (date: string) => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1;
  const width = month(to) - month(from);
  if (width < 1) return null;
  const start = month(from) + Math.floor((month(today) - month(from)) / width) * width;
  const text = (count: number) => `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, '0')}-01`;
  return { from: text(start), to: text(start + width) };
}

function daysOf(from: string, to: string, today: string): Range | null {
  const width = (Date.parse(to) - Date.parse(from)) / DAY;
  if (!Number.isInteger(width) || width < 1) return null;
  const start = Date.parse(from) + Math.floor((Date.parse(today) - Date.parse(from)) / DAY / width) * width * DAY;
  const text = (at: number) => new Date(at).toISOString().slice(0, 10);
  return { from: text(start), to: text(start + width * DAY) };
}

/** The same way of naming: the date at the end of the newest one's name, as long as it is there; else one is added. */
function nameFor(name: string, from: string): string {
  const [year = '', month = '', day = ''] = from.split('-');
  const dated = /^(.*?)(\d{4})(_?[pm_-]?)(\d\d)(?:([_-]?)(\d\d))?$/.exec(name);
  if (!dated) return `${name.slice(0, 40)}_${year}_${month}_${day}`;
  const [, stem = '', , between = '', , second = '', hasDay] = dated;
  return `${stem}${year}${between}${month}${hasDay === undefined ? '' : `${second}${day}`}`;
}
