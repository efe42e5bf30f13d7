import { z } from 'zod';
import type { AuditTable, Rows, Sql } from './sql.ts';

/**
 * Asks the catalogue for the table, as `AUDIT_TABLE` names it: `schema.table`, or a bare name on the search path, dots and quotes
 * included. It is indexed when a btree leads with the timestamp: on the table, on every partition, or on the table behind a view. The
 * catalogue shows tables to roles without any right on them, which information_schema does not.
 */
export function tableQuery(name: string, column: string): Sql {
  return {
    text: `
      with indexed as (
        select i.indrelid as relid
        from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
          join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
        where i.indisvalid and i.indpred is null and a.attname = $2 and am.amname = 'btree')
      select n.nspname as schema, c.relname as name,
        (select a.atttypid::regtype::text from pg_attribute a
          where a.attrelid = c.oid and a.attname = $2 and not a.attisdropped) as type,
        case c.relkind
          when 'p' then not exists (select from pg_partition_tree(c.oid) as part where part.isleaf and part.relid not in (select relid from indexed))
          when 'v' then exists (
            select from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
            where r.ev_class = c.oid and d.refclassid = 'pg_class'::regclass and d.refobjid in (select relid from indexed))
          else c.oid in (select relid from indexed)
        end as indexed
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f')
        and (n.nspname || '.' || c.relname = $1 or (c.relname = $1 and pg_table_is_visible(c.oid)))
      order by pg_table_is_visible(c.oid) desc
      limit 1`,
    values: [name, column],
  };
}

const row = z.object({ schema: z.string(), name: z.string(), type: z.string().nullable(), indexed: z.boolean() });

/** The table found, or a sentence that says what is missing. */
export function parseTable(rows: Rows, name: string, column: string): AuditTable | { readonly missing: string } {
  if (rows[0] === undefined) return { missing: `there is no table named ${name} (AUDIT_TABLE)` };
  const found = row.parse(rows[0]);
  if (found.type === null) return { missing: `table ${name} has no column named ${column} (AUDIT_TIMESTAMP_COLUMN)` };
  if (!found.type.startsWith('timestamp')) return { missing: `column ${column} of ${name} is ${found.type}, not a timestamp` };
  return {
    schema: found.schema,
    name: found.name,
    column,
    hasTimeZone: found.type === 'timestamp with time zone',
    isIndexed: found.indexed,
  };
}
