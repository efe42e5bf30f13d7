import { z } from 'zod';
import { query } from '#domain/audit-table/query.ts';
import { type AuditTable, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import type { ExpectedColumn } from '#domain/base/policy.ts';
import { type Check, takesNone, withTable } from './check.ts';
import { byCommand, TEST_A_WRITE } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 8: is the table there, and as the application expects it? */
export const schema: Check = {
  name: 'schema',
  step: '§8',
  help: 'is the table as the application expects it? columns, types, indexes',
  refuse: takesNone('schema'),
  ask: (context) =>
    withTable(context, function* (table) {
      const columns = (yield* query(columnsQuery(table))).map((row) => columnRow.parse(row));
      const indexes = indexesRow.parse((yield* query(indexesQuery(table)))[0]);
      return judgeSchema({ columns, invalidIndexes: indexes.invalid, isIndexed: table.isIndexed }, context.policy.columns);
    }),
};

/** The catalogue's columns: it knows the table by its OID, so a namesake in another schema can't double them. */
function columnsQuery(table: AuditTable): Sql {
  return {
    text: `
      select a.attname as name, format_type(a.atttypid, null) as type, t.typtype = 'e' as is_enum, a.attnotnull as not_null,
        a.atthasdef or a.attidentity <> '' or a.attgenerated <> '' as has_default
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
      order by a.attnum`,
    values: [tableSql(table)],
  };
}

function indexesQuery(table: AuditTable): Sql {
  return {
    text: `
      select coalesce(array_agg(c.relname::text order by c.relname), '{}') as invalid
      from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = $1::regclass and not (i.indisvalid and i.indisready)`,
    values: [tableSql(table)],
  };
}

const columnRow = z.object({ name: z.string(), type: z.string(), is_enum: z.boolean(), not_null: z.boolean(), has_default: z.boolean() });
const indexesRow = z.object({ invalid: z.array(z.string()) });

type Column = z.infer<typeof columnRow>;
type Found = { readonly columns: readonly Column[]; readonly invalidIndexes: readonly string[]; readonly isIndexed: boolean };
type Finding = { readonly level: 'high' | 'medium' | 'low'; readonly name: string; readonly value: string };

/**
 * A missing column, or a new one that must be filled, makes writes fail: high. A changed type or nullability, or an invalid index, is
 * medium; a timestamp without an index low. Further columns that may stay empty are no finding. Where the policy names no columns there is
 * nothing to compare: the table's own are listed.
 */
export function judgeSchema(found: Found, expected: readonly ExpectedColumn[]): Verdict {
  const findings = [
    ...expected.flatMap((column) => compare(column, found.columns)),
    ...(expected.length === 0 ? [] : found.columns.flatMap((column) => unexpected(column, expected))),
    ...found.invalidIndexes.map<Finding>((name) => ({ level: 'medium', name: 'Invalid index', value: name })),
    ...(found.isIndexed ? [] : [{ level: 'low', name: 'Missing index', value: 'none leads with the timestamp column' } as const]),
  ];
  const worst = (['high', 'medium', 'low'] as const).find((level) => findings.some((finding) => finding.level === level));
  if (worst === undefined) {
    const evidence =
      expected.length > 0
        ? `The table has the ${expected.length} expected columns.`
        : `The table is there, with ${found.columns.length} columns; \`columns\` in runbook.yaml names none to compare them with.`;
    if (expected.length === 0) return { level: 'unknown', evidence, figures: listed(found.columns), ...TEST_A_WRITE };
    return { level: 'ok', evidence, figures: [], ...TEST_A_WRITE };
  }
  return {
    level: worst,
    evidence: `The table differs from what is expected in ${findings.length} point${findings.length === 1 ? '' : 's'}.`,
    figures: findings.slice(0, 30).map(({ name, value }) => ({ name, value })),
    ...(worst === 'low'
      ? { nextStep: 'add an index on the timestamp when the incident is over' }
      : byCommand(
          '/audit deploys',
          'compare with the application’s migrations (runbook step 5); if the difference is meant, set `columns` in runbook.yaml',
        )),
  };
}

function listed(columns: readonly Column[]): Verdict['figures'] {
  return columns
    .slice(0, 30)
    .map(({ name, type, not_null }) => ({ name, value: `${type}, ${not_null ? 'must be filled' : 'may be empty'}` }));
}

function compare(expected: ExpectedColumn, columns: readonly Column[]): readonly Finding[] {
  const column = columns.find(({ name }) => name === expected.name);
  if (!column) return [{ level: 'high', name: 'Missing column', value: expected.name }];
  const type: readonly Finding[] = isType(column, expected.type)
    ? []
    : [
        {
          level: 'medium',
          name: 'Changed type',
          value: `${expected.name} is ${column.is_enum ? 'an enum' : column.type}, expected ${expected.type}`,
        },
      ];
  if (column.not_null === expected.notNull) return type;
  const value = `${expected.name} ${column.not_null ? 'must be filled, expected that it may be empty' : 'may be empty, expected that it must be filled'}`;
  return [...type, { level: column.not_null && !column.has_default ? 'high' : 'medium', name: 'Changed nullability', value }];
}

function unexpected(column: Column, expected: readonly ExpectedColumn[]): readonly Finding[] {
  if (expected.some(({ name }) => name === column.name) || !column.not_null || column.has_default) return [];
  return [{ level: 'high', name: 'Unexpected column that must be filled', value: column.name }];
}

/** The runbook names types loosely: `timestamp` is any timestamp, `text` any string type, `enum` any enum. */
function isType(column: Column, expected: string): boolean {
  if (expected === 'enum') return column.is_enum;
  if (expected === 'timestamp') return column.type.startsWith('timestamp');
  if (expected === 'text') return column.type === 'text' || column.type.startsWith('character');
  return column.type === expected;
}
