import { type AuditTable, asColumn, asInstant, columnSql, quoteIdentifier, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import type { ColumnFacts, TableFacts } from './facts.ts';
import type { RecordSource } from './outcome.ts';
import { madeValue } from './values.ts';

/** A test record: its INSERT, and the columns whose values are not a real record's. */
export type TestRecord = { readonly source: RecordSource; readonly insert: Sql; readonly made: readonly string[]; readonly time: string };

/**
 * A copy of the newest real record, made on the server by `insert … select`: its values never leave the database. The time is the
 * database's own; keys are new; ids that a sequence would give are far from it, so that none is used up; a default that calls a function
 * of the application is left to run. Columns that the role may not read are made up.
 */
export function copiedRecord(table: AuditTable, facts: TableFacts): TestRecord {
  // What is returned must be readable: under row-level security, or behind a rule, asking for it could itself be refused.
  const isReturned = !facts.rowSecurity && facts.rules.length === 0 && !facts.isView;
  const seconds = `extract(epoch from ${asInstant(table, columnSql(table))} - now())::float8`;
  const returning = isReturned ? ` returning ${seconds} as seconds` : '';
  const renewed = renewedColumns(facts, table.column);
  const values = facts.columns.flatMap((column) => copiedValue(table, facts, column, renewed) ?? []);
  const from = tableSql(table);
  const at = columnSql(table);
  // Without an index on the time the newest record would cost a reading of the whole table; any real record shows what one looks like.
  const newest = table.isIndexed ? ` where ${at} <= ${asColumn(table, 'now()')} order by ${at} desc` : '';
  const read = facts.columns.filter(({ maySelect }) => maySelect).map(({ name }) => quoteIdentifier(name));
  return {
    source: 'copy',
    insert: {
      text: `${into(table, values)} select ${values.map(({ sql }) => sql).join(', ')} from (select ${read.join(', ')} from ${from}${newest} limit 1) as record${returning}`,
      values: [],
    },
    made: notCopied(facts, values),
    time: table.column,
  };
}

/** A record of values from the catalogue: only the columns that must be filled, each with a harmless value. */
export function madeUpRecord(table: AuditTable, facts: TableFacts): TestRecord {
  const values = facts.columns.flatMap((column) => {
    if (!canBeNamed(column)) return [];
    if (column.name === table.column) return [value(column, asColumn(table, 'now()'))];
    if (column.sequence !== null) return [value(column, ownNumber(facts, column))];
    return mustBeFilled(facts, column) ? [value(column, madeValue(facts, column))] : [];
  });
  const text =
    values.length === 0
      ? `insert into ${tableSql(table)} default values`
      : `${into(table, values)} values (${values.map(({ sql }) => sql).join(', ')})`;
  return { source: 'catalogue', insert: { text, values: [] }, made: facts.columns.map(({ name }) => name), time: table.column };
}

/** The INSERT that the policy gives. */
export function givenRecord(table: AuditTable, insert: string): TestRecord {
  return { source: 'policy', insert: { text: insert, values: [] }, made: [], time: table.column };
}

type Value = { readonly name: string; readonly sql: string; readonly isCopied: boolean; readonly isIdentity: boolean };

function value({ name, identity }: ColumnFacts, sql: string, isCopied = false): Value {
  return { name, sql, isCopied, isIdentity: identity === 'a' };
}

function into(table: AuditTable, values: readonly Value[]): string {
  const overriding = values.some(({ isIdentity }) => isIdentity) ? ' overriding system value' : '';
  return `insert into ${tableSql(table)} (${values.map(({ name }) => quoteIdentifier(name)).join(', ')})${overriding}`;
}

function notCopied({ columns }: TableFacts, values: readonly Value[]): readonly string[] {
  return columns.map(({ name }) => name).filter((name) => !values.some((each) => each.name === name && each.isCopied));
}

/** A column that the INSERT may name. One that must be filled is named even without the right: the refusal is then the application's too. */
function canBeNamed(column: ColumnFacts): boolean {
  return !column.isGenerated && column.isInsertable && (column.mayInsert || (column.notNull && !column.hasDefault));
}

function mustBeFilled({ types }: TableFacts, { notNull, hasDefault, type }: ColumnFacts): boolean {
  const isNotNullType = types.find(({ oid }) => oid === type)?.notNull === true;
  return (notNull || isNotNullType) && !hasDefault;
}

function copiedValue(table: AuditTable, facts: TableFacts, column: ColumnFacts, renewed: readonly string[]): Value | null {
  if (!canBeNamed(column)) return null;
  if (column.name === table.column) return value(column, asColumn(table, 'now()'));
  if (column.sequence !== null) return value(column, ownNumber(facts, column));
  if (column.defaultFunctions.length > 0) return null;
  if (renewed.includes(column.name)) return column.hasDefault ? null : value(column, renewedValue(facts, column));
  if (column.maySelect) return value(column, `record.${quoteIdentifier(column.name)}`, true);
  return mustBeFilled(facts, column) ? value(column, madeValue(facts, column)) : null;
}

/** One column of each unique index gets a new value, unless another one of it is new anyway; references to other tables stay. */
function renewedColumns(facts: TableFacts, timestamp: string): readonly string[] {
  const renewed = new Set<string>();
  const references = new Set(facts.constraints.flatMap(({ kind, columns }) => (kind === 'f' ? columns : [])));
  const isNew = (name: string) =>
    name === timestamp ||
    renewed.has(name) ||
    facts.columns.some((each) => each.name === name && (each.sequence !== null || each.defaultFunctions.length > 0));
  for (const { columns } of facts.uniques) {
    if (columns.some(isNew)) continue;
    const partitioned = new Set(facts.partitionKeys.flatMap((key) => key.columns));
    const candidates = columns.filter((name) => !references.has(name));
    const chosen = candidates.findLast((name) => !partitioned.has(name)) ?? candidates.at(-1);
    if (chosen !== undefined) renewed.add(chosen);
  }
  return [...renewed];
}

/** A new value of the same shape as the copied one: a number far above, a UUID, or a text of the same length and alphabet. */
function renewedValue(facts: TableFacts, column: ColumnFacts): string {
  const copied = `record.${quoteIdentifier(column.name)}`;
  if (!column.maySelect) return madeValue(facts, column);
  const { category, plainName } = baseType(facts, column.type);
  if (plainName === 'uuid') return `gen_random_uuid()::${column.typeName}`;
  if (category === 'N') return `${farNumber(plainName)}::${column.typeName}`;
  if (category !== 'S') return madeValue(facts, column);
  // A short text has too few others of its length.
  const length = `greatest(length(${copied}::text), 8)`;
  const hex = `repeat(replace(gen_random_uuid()::text, '-', ''), ${length} / 32 + 1)`;
  return `(case
    when ${copied}::text ~ '^[0-9a-fA-F]{8}-' then gen_random_uuid()::text
    when ${copied}::text = upper(${copied}::text) then upper(left(${hex}, ${length}))
    else left(${copied}::text, 1) || right(${hex}, ${length} - 1)
  end)::${column.typeName}`;
}

function baseType(facts: TableFacts, oid: string): { readonly category: string; readonly plainName: string } {
  const type = facts.types.find((each) => each.oid === oid);
  if (type?.base && type.kind === 'd') return baseType(facts, type.base);
  return { category: type?.category ?? '', plainName: type?.plainName ?? '' };
}

/**
 * An id that no sequence is near: taking the next one would leave a hole, and could meet the application's own. Where ids decide the
 * partition it stays close, so that it falls into the same one.
 */
function ownNumber(facts: TableFacts, { name, type, typeName, sequence }: ColumnFacts): string {
  const isPartitioned = facts.partitionKeys.some(({ columns }) => columns.includes(name));
  if (isPartitioned && sequence?.next) return `(${sequence.next} + 1000)::${typeName}`;
  return `${farNumber(baseType(facts, type).plainName)}::${typeName}`;
}

function farNumber(type: string): string {
  switch (type) {
    case 'int2':
      return '(32767 - floor(random() * 1000))';
    case 'int4':
      return '(2147483647 - floor(random() * 1000000))';
    case 'int8':
      return '(9223372036854775807 - floor(random() * 1000000)::int8)';
    default:
      return 'floor(random() * 1000000000)';
  }
}
