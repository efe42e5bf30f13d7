import { z } from 'zod';
import { type AuditTable, type Rows, type Sql, tableSql } from '#domain/audit-table/sql.ts';

/**
 * Asks the catalogue, as the role that writes, for all that a record of the table must fit: columns, their types down to the last
 * domain, constraints, policies, sequences, and what acts outside the transaction. Catalogue only, a few milliseconds. A view over one
 * table is described by that table's columns of the same names.
 */
export function factsQuery(table: AuditTable): Sql {
  return {
    text: `
      with recursive target as (
        select c.oid, c.relkind, coalesce((
          select min(d.refobjid::text)::oid
          from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
          where r.ev_class = c.oid and r.ev_type = '1' and d.refclassid = 'pg_class'::regclass and d.refobjid <> c.oid
          having count(distinct d.refobjid) = 1 and c.relkind = 'v'), c.oid) as base
        from pg_class c where c.oid = $1::regclass),
      tree as (
        select base as relid from target
        union select i.inhrelid from tree join pg_inherits i on i.inhparent = tree.relid),
      ${COLUMNS},
      ${TYPES}
      select json_build_object(
        'role', current_user::text,
        'statementTimeout', (select setting::int from pg_settings where name = 'statement_timeout'),
        'readOnly', case when pg_is_in_recovery() then 'recovery' else (
          select source from pg_settings where name = 'default_transaction_read_only' and setting = 'on') end,
        'isView', (select relkind = 'v' from target),
        'oids', (select json_agg(relid::text) from tree),
        'rowSecurity', (select row_security_active(base) from target),
        'columns', (select coalesce(json_agg(to_json(columns) order by attnum), '[]') from columns),
        'types', (select coalesce(json_agg(to_json(types)), '[]') from types),
        'constraints', (${CONSTRAINTS}),
        'uniques', (${UNIQUES}),
        'partitionKeys', (
          select coalesce(json_agg(json_build_object('table', p.partrelid::regclass::text, 'columns', ${columnNames('p.partrelid', 'p.partattrs')})), '[]')
          from pg_partitioned_table p where p.partrelid in (select relid from tree)),
        'policies', (${POLICIES}),
        'triggers', (${TRIGGERS}),
        'rules', (
          select coalesce(json_agg(json_build_object('name', r.rulename, 'isUnconditional', r.ev_qual = '<>') order by r.rulename), '[]')
          from pg_rewrite r where r.ev_class in (select relid from tree) and r.ev_type = '3' and r.is_instead)
      ) as facts`,
    values: [tableSql(table)],
  };
}

/** The names of the columns that an int2vector or int2[] lists. */
function columnNames(relation: string, numbers: string): string {
  return `(select coalesce(json_agg(a.attname), '[]') from pg_attribute a where a.attrelid = ${relation} and a.attnum = any(${numbers}::int2[]))`;
}

const COLUMNS = `
  columns as (
    select a.attnum, a.attname as name, a.atttypid::text as type, format_type(a.atttypid, a.atttypmod) as "typeName",
      b.attnotnull as "notNull", b.attidentity as identity, b.attgenerated <> '' as "isGenerated",
      pg_get_expr(d.adbin, d.adrelid) is not null or b.attidentity <> '' as "hasDefault",
      has_column_privilege(target.oid, a.attnum, 'INSERT') as "mayInsert",
      has_column_privilege(target.oid, a.attnum, 'SELECT') as "maySelect",
      target.relkind <> 'v' or pg_column_is_updatable(target.oid, a.attnum, true) as "isInsertable",
      coalesce((
        select json_agg(f.refobjid::regprocedure::text) from pg_depend f
        where f.classid = 'pg_attrdef'::regclass and f.objid = d.oid and f.refclassid = 'pg_proc'::regclass), '[]') as "defaultFunctions",
      (select json_build_object(
          'name', s.seqrelid::regclass::text,
          'mayUse', b.attidentity <> '' or has_sequence_privilege(s.seqrelid, 'USAGE, UPDATE'),
          'next', (case when has_sequence_privilege(s.seqrelid, 'SELECT, USAGE')
            then coalesce(pg_sequence_last_value(s.seqrelid) + s.seqincrement, s.seqstart) end)::text,
          'isExhausted', has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') and not s.seqcycle
            and coalesce(pg_sequence_last_value(s.seqrelid)::numeric + s.seqincrement not between s.seqmin and s.seqmax, false),
          'isPastType', has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') and s.seqincrement > 0
            and coalesce(pg_sequence_last_value(s.seqrelid)::numeric + s.seqincrement >
              case b.atttypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 end, false))
        from pg_sequence s
        where s.seqrelid in (
          select o.refobjid from pg_depend o
          where o.classid = 'pg_attrdef'::regclass and o.objid = d.oid and o.refclassid = 'pg_class'::regclass
          union
          select o.objid from pg_depend o
          where o.classid = 'pg_class'::regclass and o.refclassid = 'pg_class'::regclass and o.refobjid = b.attrelid
            and o.refobjsubid = b.attnum and o.deptype = 'i')
        limit 1) as sequence
    from target join pg_attribute a on a.attrelid = target.oid and a.attnum > 0 and not a.attisdropped
      join pg_attribute b on b.attrelid = target.base and b.attname = a.attname and b.attnum > 0 and not b.attisdropped
      left join pg_attrdef d on d.adrelid = b.attrelid and d.adnum = b.attnum and b.attgenerated = '')`;

const TYPES = `
  involved as (
    select distinct type::oid as oid from columns
    union
    select part.oid
    from involved join pg_type t on t.oid = involved.oid
      cross join lateral (
        select t.typbasetype as oid where t.typbasetype <> 0
        union all select r.rngsubtype from pg_range r where r.rngtypid = t.oid
        union all select a.atttypid from pg_attribute a where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
      ) as part),
  types as (
    select t.oid::text, format_type(t.oid, null) as name, t.typname as "plainName", t.typtype as kind, t.typcategory as category,
      nullif(t.typbasetype, 0)::text as base, format_type(nullif(t.typbasetype, 0), t.typtypmod) as "baseName",
      t.typnotnull as "notNull", t.typdefault as default,
      (select e.enumlabel from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder limit 1) as label,
      (select coalesce(json_agg(a.atttypid::text order by a.attnum), '[]') from pg_attribute a
        where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) as attributes,
      (select coalesce(json_agg(pg_get_constraintdef(c.oid)), '[]') from pg_constraint c where c.contypid = t.oid and c.contype = 'c') as checks
    from involved join pg_type t on t.oid = involved.oid)`;

const CONSTRAINTS = `
  select coalesce(json_agg(json_build_object(
    'name', c.conname, 'kind', c.contype, 'columns', ${columnNames('c.conrelid', 'c.conkey')},
    'definition', case c.contype when 'c' then pg_get_constraintdef(c.oid) end,
    'parent', case c.contype when 'f' then c.confrelid::regclass::text end,
    'keys', case c.contype when 'f' then (
      select json_agg(json_build_object('column', a.attname, 'parent', quote_ident(p.attname), 'mayRead', has_column_privilege(c.confrelid, p.attnum, 'SELECT')))
      from unnest(c.conkey, c.confkey) as pair(own, other)
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = pair.own
        join pg_attribute p on p.attrelid = c.confrelid and p.attnum = pair.other) end)), '[]')
  from pg_constraint c where c.conrelid in (select relid from tree) and c.contype in ('c', 'f', 'u', 'p', 'x')`;

const UNIQUES = `
  select coalesce(json_agg(json_build_object('name', i.indexrelid::regclass::text, 'columns', ${columnNames('i.indrelid', 'i.indkey')})), '[]')
  from pg_index i where i.indrelid = (select base from target) and i.indisunique`;

const POLICIES = `
  select coalesce(json_agg(json_build_object(
    'name', p.polname, 'isPermissive', p.polpermissive,
    'expression', coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid), 'true'),
    'readsColumns', exists (
      select from pg_depend d
      where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_class'::regclass and d.refobjid = p.polrelid and d.refobjsubid > 0))
    order by p.polname), '[]')
  from pg_policy p
  where p.polrelid = (select base from target) and p.polcmd in ('a', '*')
    and (p.polroles = '{0}' or exists (select from unnest(p.polroles) as member where pg_has_role(member, 'USAGE')))`;

/** Calls that act at once and outside the transaction, so that no rollback undoes them. */
const OUTSIDE = String.raw`'\m(dblink\w*|http_(?:get|post|put|patch|delete|head)|net\.http_\w+|pg_background_launch|lo_export)\s*\('`;

/** The triggers that fire on an INSERT. Their functions' text is read one level deep: the function, and the functions that it calls. */
const TRIGGERS = `
  select coalesce(json_agg(json_build_object(
    'name', t.tgname, 'table', t.tgrelid::regclass::text, 'function', p.proname,
    'isBeforeRow', (t.tgtype::int & 3) = 3 or (t.tgtype::int & 64) > 0,
    'actsOutside', coalesce(
      (regexp_match(p.prosrc, ${OUTSIDE}))[1],
      (select (regexp_match(q.prosrc, ${OUTSIDE}))[1]
        from pg_proc q
        where q.proname ~ '^[[:alnum:]_]+$' and q.prosrc ~ '(dblink|http_|pg_background|lo_export)' and p.prosrc ~ ('\\m' || q.proname || '\\s*\\(')
        limit 1),
      (select l.lanname from pg_language l where l.oid = p.prolang and l.lanname ~ '^(plpython\\d?u|plperlu|pltclu|plsh)$'))
    ) order by t.tgname), '[]')
  from pg_trigger t join pg_proc p on p.oid = t.tgfoid
  where t.tgrelid in (select relid from tree) and not t.tgisinternal and t.tgenabled in ('O', 'A') and (t.tgtype::int & 4) > 0`;

const names = z.array(z.string());
const sequenceSchema = z.object({
  name: z.string(),
  mayUse: z.boolean(),
  next: z.string().nullable(),
  isExhausted: z.boolean(),
  isPastType: z.boolean(),
});
const columnSchema = z.object({
  name: z.string(),
  type: z.string(),
  typeName: z.string(),
  notNull: z.boolean(),
  identity: z.string(),
  isGenerated: z.boolean(),
  hasDefault: z.boolean(),
  mayInsert: z.boolean(),
  maySelect: z.boolean(),
  isInsertable: z.boolean(),
  defaultFunctions: names,
  sequence: sequenceSchema.nullable(),
});
const typeSchema = z.object({
  oid: z.string(),
  name: z.string(),
  plainName: z.string(),
  kind: z.string(),
  category: z.string(),
  base: z.string().nullable(),
  baseName: z.string().nullable(),
  notNull: z.boolean(),
  default: z.string().nullable(),
  label: z.string().nullable(),
  attributes: names,
  checks: names,
});
const constraintSchema = z.object({
  name: z.string(),
  kind: z.string(),
  columns: names,
  definition: z.string().nullable(),
  parent: z.string().nullable(),
  keys: z.array(z.object({ column: z.string(), parent: z.string(), mayRead: z.boolean() })).nullable(),
});
const factsSchema = z.object({
  role: z.string(),
  statementTimeout: z.number(),
  readOnly: z.string().nullable(),
  isView: z.boolean(),
  oids: names,
  rowSecurity: z.boolean(),
  columns: z.array(columnSchema),
  types: z.array(typeSchema),
  constraints: z.array(constraintSchema),
  uniques: z.array(z.object({ name: z.string(), columns: names })),
  partitionKeys: z.array(z.object({ table: z.string(), columns: names })),
  policies: z.array(z.object({ name: z.string(), isPermissive: z.boolean(), expression: z.string(), readsColumns: z.boolean() })),
  triggers: z.array(
    z.object({ name: z.string(), table: z.string(), function: z.string(), isBeforeRow: z.boolean(), actsOutside: z.string().nullable() }),
  ),
  rules: z.array(z.object({ name: z.string(), isUnconditional: z.boolean() })),
});

/** What a record of the table must fit, as the writing role sees it. */
export type TableFacts = Readonly<z.infer<typeof factsSchema>>;
export type ColumnFacts = TableFacts['columns'][number];
export type TypeFacts = TableFacts['types'][number];

const row = z.object({ facts: factsSchema });

/** {@link factsQuery}'s answer. */
export function parseFacts(rows: Rows): TableFacts {
  return row.parse(rows[0]).facts;
}
