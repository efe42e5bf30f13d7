import { quoteIdentifier, quoteLiteral } from '#domain/audit-table/sql.ts';
import type { ColumnFacts, TableFacts, TypeFacts } from './facts.ts';

/**
 * A harmless value for a column, as SQL: from the parent row where a foreign key wants one and the role may read it, from a CHECK that
 * lists what it takes, else by its type. Null for a type of which no value is known.
 */
export function madeValue(facts: TableFacts, column: ColumnFacts): string {
  return (
    parentValue(facts, column) ??
    checkedValue(checksOf(facts, column.name), column.typeName) ??
    typeValue(facts, column.type, column.typeName)
  );
}

/** The key of one parent row; every column of the same foreign key takes it from the same row, the first by its key. */
function parentValue({ constraints }: TableFacts, { name }: ColumnFacts): string | null {
  for (const { kind, parent, keys } of constraints) {
    const key = keys?.find(({ column }) => column === name);
    if (kind !== 'f' || parent === null || !keys || !key || keys.some(({ mayRead }) => !mayRead)) continue;
    return `(select ${key.parent} from ${parent} order by ${keys.map((each) => each.parent).join(', ')} limit 1)`;
  }
  return null;
}

function checksOf({ constraints }: TableFacts, column: string): readonly string[] {
  return constraints.flatMap(({ kind, columns, definition }) =>
    kind === 'c' && columns.length === 1 && columns[0] === column && definition !== null ? [definition] : [],
  );
}

/** A value that the common kinds of CHECK take: a list of values, an e-mail address, a least number, a length. */
function checkedValue(checks: readonly string[], type: string): string | null {
  for (const check of checks) {
    const listed = /= ANY \(\(?ARRAY\[('(?:[^']|'')*'|-?\d+)/.exec(check)?.[1] ?? / = ('(?:[^']|'')*')/.exec(check)?.[1];
    if (listed !== undefined) return `${listed}::${type}`;
    const length = /(?:char_length|length)\([^)]*\)+\s*(?:=|>=)\s*(\d{1,4})/.exec(check)?.[1];
    if (length !== undefined) return `repeat('0', ${length})::${type}`;
    if (/~{1,2}\*? '[^']*@/.test(check)) return `'probe@gapwatch.invalid'::${type}`;
    const least = />=? \(?'?(-?\d{1,15})/.exec(check)?.[1];
    if (least !== undefined) return `(${least} + 1)::${type}`;
  }
  return null;
}

/** A value by type, down through domains, arrays, ranges and composites. */
function typeValue(facts: TableFacts, oid: string, name: string): string {
  const type = facts.types.find((each) => each.oid === oid);
  if (!type) return 'null';
  switch (type.kind) {
    case 'e':
      return type.label === null ? 'null' : `${quoteLiteral(type.label)}::${name}`;
    case 'd':
      return domainValue(facts, type, name);
    case 'r':
      return `'empty'::${name}`;
    case 'm':
      return `'{}'::${name}`;
    case 'c':
      return `row(${type.attributes.map((each) => typeValue(facts, each, nameOf(facts, each))).join(', ')})::${name}`;
    default:
      return `${BY_NAME[type.plainName] ?? BY_CATEGORY[type.category] ?? 'null'}::${name}`;
  }
}

function domainValue(facts: TableFacts, { base, baseName, default: own, checks }: TypeFacts, name: string): string {
  if (own !== null) return `(${/^\w+$/.test(own) || !own.includes('::') ? `${literalDefault(own)}` : own})::${name}`;
  const checked = checkedValue(checks, baseName ?? name);
  if (checked !== null) return `(${checked})::${name}`;
  return base === null ? 'null' : `(${typeValue(facts, base, baseName ?? nameOf(facts, base))})::${name}`;
}

/** `pg_type.typdefault` is the default's text without quotes where it is a constant, an expression where it is not. */
function literalDefault(text: string): string {
  return /[()]/.test(text) || text.startsWith("'") ? text : quoteLiteral(text);
}

function nameOf({ types }: TableFacts, oid: string): string {
  return types.find((each) => each.oid === oid)?.name ?? quoteIdentifier(oid);
}

/** By the type's own name, where its category says too little. */
const BY_NAME: Readonly<Record<string, string>> = {
  json: `'{}'`,
  jsonb: `'{}'`,
  xml: `'<probe/>'`,
  bytea: `'\\x00'`,
  hstore: `''`,
  uuid: 'gen_random_uuid()',
  macaddr: `'08:00:2b:01:02:03'`,
  macaddr8: `'08:00:2b:01:02:03:04:05'`,
  tsvector: `''`,
  tsquery: `''`,
  bit: '0',
  varbit: `B'0'`,
  char: `'0'`,
  point: `'(0,0)'`,
  line: `'{1,0,0}'`,
  lseg: `'[(0,0),(1,1)]'`,
  box: `'((1,1),(0,0))'`,
  path: `'((0,0),(1,1))'`,
  polygon: `'((0,0),(1,1),(1,0))'`,
  circle: `'<(0,0),1>'`,
  pg_lsn: `'0/0'`,
  txid_snapshot: `'1:1:'`,
  ltree: `'probe'`,
  geometry: `'POINT(0 0)'`,
  name: `'probe'`,
};

/** By PostgreSQL's type category (pg_type.typcategory). Texts are random, so that a unique constraint has no say. */
const BY_CATEGORY: Readonly<Record<string, string>> = {
  A: `'{}'`,
  B: 'true',
  D: 'now()',
  I: `'127.0.0.1'`,
  N: '0',
  S: 'gen_random_uuid()::text',
  T: `'0'`,
  V: `B'0'`,
};
