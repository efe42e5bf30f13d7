import { z } from 'zod';
import type { AuditTable, EpochUnit, Rows, Sql, TimeColumn } from './sql.ts';

/**
 * Asks the catalogue for the table, as `AUDIT_TABLE` names it: `schema.table`, or a bare name on the search path, dots and quotes
 * included. It is indexed when a btree leads with the timestamp: on the table, on every partition and child, or on the column that a view
 * shows unchanged. The catalogue shows tables to roles without any right on them, which information_schema does not.
 */
export function tableQuery(name: string, column: string): Sql {
  return {
    text: `
      with recursive found as (
        select c.oid, c.relkind, c.relname, n.nspname
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f')
          and (n.nspname || '.' || c.relname = $1 or (c.relname = $1 and pg_table_is_visible(c.oid)))
        order by pg_table_is_visible(c.oid) desc
        limit 1),
      attribute as (
        select a.attrelid, a.attname, a.attnum, a.atttypid from found join pg_attribute a on a.attrelid = found.oid
        where a.attname = $2 and not a.attisdropped),
      base (oid) as (
        select atttypid from attribute
        union select t.typbasetype from base join pg_type t on t.oid = base.oid where t.typbasetype <> 0),
      ${INDEXED}
      select found.nspname as schema, found.relname as name, ${LOOKALIKES} as lookalikes,
        (select t.oid::regtype::text from base join pg_type t on t.oid = base.oid where t.typbasetype = 0) as type,
        ${IS_INDEXED} as indexed,
        coalesce(row_security_active(found.oid) and ${IS_FILTERED}, false) as filtered,
        ${SAMPLE} as sample
      from (values (1)) as always left join found on true`,
    values: [name, column],
  };
}

/** The columns that an index leads with: the view's through its one table, the inheritance tree's on every member that holds rows. */
const INDEXED = `
      shown (relid, attname) as (
        select attrelid, attname::text from attribute join found on found.relkind <> 'v'
        union all
        select d.refobjid, coalesce(
          (regexp_match(pg_get_viewdef(found.oid), '"?([[:alnum:]_]+)"? AS ' || quote_ident($2) || '[,[:space:]]'))[1], $2)
        from found
          join attribute on found.relkind = 'v' and pg_column_is_updatable(found.oid, attribute.attnum, true)
          join pg_rewrite r on r.ev_class = found.oid and r.ev_type = '1'
          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> found.oid),
      member (relid, attname) as (
        select relid, attname from shown
        union select i.inhrelid, member.attname from member join pg_inherits i on i.inhparent = member.relid),
      unindexed as (
        select member.relid from member join pg_class c on c.oid = member.relid
        where c.relkind in ('r', 'm', 'f') and not exists (
          select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
          where i.indrelid = member.relid and i.indisvalid and i.indpred is null and a.attname = member.attname and am.amname = 'btree'))`;

const IS_INDEXED = `exists (select from shown) and not exists (select from unindexed)`;

/** A policy that shows every record hides none. */
const IS_FILTERED = `not (
          exists (
            select from pg_policy p
            where p.polrelid = found.oid and p.polpermissive and p.polcmd in ('r', '*') and pg_get_expr(p.polqual, p.polrelid) = 'true'
              and (p.polroles = '{0}' or exists (select from unnest(p.polroles) as member where pg_has_role(member, 'USAGE'))))
          and not exists (select from pg_policy p where p.polrelid = found.oid and not p.polpermissive and p.polcmd in ('r', '*')))`;

/** Tables whose names differ by capitals, quotes or schema alone. */
const LOOKALIKES = `
        case when found.oid is null then array(
          select case when pg_table_is_visible(c.oid) then c.relname else n.nspname || '.' || c.relname end::text
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
            and lower(c.relname) = lower(replace(regexp_replace($1, '^.*\\.(?=[^.]+$)', ''), '"', ''))
          order by 1 limit 3) else '{}' end`;

/** One value of a number or text column: its unit or format. Read only where our role may; the name is the catalogue's, quoted by %I. */
const SAMPLE = `
        case when exists (
            select from base where oid in ('int4'::regtype, 'int8'::regtype, 'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype))
          and has_column_privilege(found.oid, $2, 'SELECT')
          then (xpath('//v/text()', query_to_xml(format(
            'select %1$I as v from %2$I.%3$I where %1$I is not null limit 1', $2, found.nspname, found.relname), false, false, '')))[1]::text end`;

const row = z.object({
  schema: z.string().nullable(),
  name: z.string().nullable(),
  lookalikes: z.array(z.string()),
  type: z.string().nullable(),
  indexed: z.boolean(),
  filtered: z.boolean(),
  sample: z.string().nullable(),
});

/** What is missing. `isThere`: table and column are there, but the column can't be read as a time. */
export type Missing = { readonly missing: string; readonly isThere: boolean };

/** The table found, or a sentence that says what is missing. */
export function parseTable(rows: Rows, name: string, column: string, zone = 'UTC'): AuditTable | Missing {
  const found = row.parse(rows[0]);
  if (found.schema === null || found.name === null) {
    const meant = found.lookalikes.length === 0 ? '' : `; did you mean ${found.lookalikes.join(' or ')}?`;
    return { missing: `there is no table named ${name} (AUDIT_TABLE)${meant}`, isThere: false };
  }
  if (found.type === null) return { missing: `table ${name} has no column named ${column} (AUDIT_TIMESTAMP_COLUMN)`, isThere: false };
  const time = timeOf(found.type, found.sample, zone);
  if ('missing' in time) return { missing: `column ${column} of ${name} ${time.missing}`, isThere: true };
  return { schema: found.schema, name: found.name, column, time, isIndexed: found.indexed, isFiltered: found.filtered };
}

function timeOf(type: string, sample: string | null, zone: string): TimeColumn | { readonly missing: string } {
  switch (type) {
    case 'timestamp with time zone':
      return { kind: 'timestamptz' };
    case 'timestamp without time zone':
      return { kind: 'timestamp', zone };
    case 'date':
      return {
        missing: 'is a date without a time of day, by which no gap can be measured; name a column with the time (AUDIT_TIMESTAMP_COLUMN)',
      };
    case 'integer':
    case 'bigint':
      return epochOf(type, sample);
    case 'text':
    case 'character varying':
    case 'character':
      return textOf(sample, zone);
    default:
      return { missing: `is ${type}, not a timestamp` };
  }
}

/** The unit of an epoch shows in its size: each is right from the year 1973 to far beyond ours. */
function epochOf(type: string, sample: string | null): TimeColumn | { readonly missing: string } {
  const unit = UNITS.find(([least, most]) => sample !== null && Number(sample) >= least && Number(sample) < most)?.[2];
  if (unit !== undefined) return { kind: 'epoch', unit };
  const why =
    sample === null
      ? 'and holds no value, so its unit is not known yet'
      : 'and its values are no seconds, milliseconds or microseconds since 1970';
  return { missing: `is ${type} ${why}` };
}

const UNITS: readonly (readonly [number, number, EpochUnit])[] = [
  [1e8, 1e11, 'seconds'],
  [1e11, 1e14, 'milliseconds'],
  [1e14, 1e17, 'microseconds'],
];

const ISO_TEXT = /^\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(?:\.(\d{1,6}))?(Z|\+00(?::?00)?)?$/;

/** Texts compare like their times only when all are written alike and in one zone. */
function textOf(sample: string | null, zone: string): TimeColumn | { readonly missing: string } {
  if (sample === null) return { missing: 'is a text and holds no value, so its format is not known yet' };
  const [matched, separator = 'T', fraction = '', ending = ''] = ISO_TEXT.exec(sample) ?? [];
  if (matched === undefined) return { missing: 'is a text that is no time in ISO 8601 in UTC, such as 2026-01-05T12:00:00.000Z' };
  return { kind: 'text', zone: ending === '' ? zone : 'UTC', separator, digits: fraction.length, ending };
}

/** Why nothing can be said of the records of a table that row-level security filters. */
export function filteredText({ name }: Pick<AuditTable, 'name'>): string {
  return `row-level security hides records of ${name} from our role; give it a policy that shows every record (using (true)), or BYPASSRLS`;
}
