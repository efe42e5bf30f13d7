import type { WriteFailure } from '#domain/audit-table/writer-session.ts';
import type { TableFacts } from './facts.ts';
import type { TestRecord } from './test-record.ts';

/**
 * Whether a refusal hangs on a value that Gapwatch made up, so that it says nothing of the application's own records: `unfit`. A copy is
 * unfit where its new values are to blame, and where it is refused for being a copy; a record from the policy only where its key is taken.
 */
export function refusalOf(failure: WriteFailure, record: TestRecord, facts: TableFacts): 'refused' | 'unfit' {
  const code = failure.code ?? '';
  if (NEVER_INSERTABLE.has(code) && failure.functions.length === 0) return 'unfit';
  if (code === '23505' || code === '23P01') return 'unfit';
  if (record.source === 'policy') return 'refused';
  if (failure.lacksSetting) return 'unfit';
  if (failure.isRowSecurity) return hangsOnPolicy(record, facts) ? 'unfit' : 'refused';
  if (failure.functions.length > 0) return refusalInFunction(code, record);
  if (isNoPartition(failure)) return hangsOnPartitionKey(failure, record, facts) ? 'unfit' : 'refused';
  if (code === '23502') return isMade(record, failure.column) ? 'unfit' : 'refused';
  if (code === '23503' || code === '23514') return hangsOnConstraint(failure, record, facts) ? 'unfit' : 'refused';
  if (code === '2200H') return 'refused';
  return /^(?:22|42804|42846|428C9|44000|54000)/.test(code) ? 'unfit' : 'refused';
}

/** No partition takes the record: the server says so with the code of a check constraint, and names none. */
export function isNoPartition({ code, constraint, functions }: WriteFailure): boolean {
  return code === '23514' && constraint === null && functions.length === 0;
}

/** A join view, a materialized view, a view of expressions: not what the application writes into. */
const NEVER_INSERTABLE: ReadonlySet<string> = new Set(['55000', '42809', '0A000']);

/** What a trigger lacks it lacks for every record; what it refuses it may refuse for a made-up value. */
function refusalInFunction(code: string, { source }: TestRecord): 'refused' | 'unfit' {
  if (source === 'copy') return 'refused';
  return /^(?:42|53|54|55|57|58|XX)/.test(code) ? 'refused' : 'unfit';
}

/** A policy that reads the session, or a column which we filled, can't be judged by our record. */
function hangsOnPolicy({ source }: TestRecord, { policies }: TableFacts): boolean {
  return policies.some(
    ({ expression, readsColumns }) =>
      /current_setting|current_user|session_user|current_role|auth\.|\bjwt\b/i.test(expression) || (readsColumns && source === 'catalogue'),
  );
}

function isMade({ made }: TestRecord, column: string | null): boolean {
  return column === null || made.includes(column);
}

/** The failing table's own key, or all keys of the tree; the time is never to blame, as it is the database's own. */
function hangsOnPartitionKey({ table }: WriteFailure, { made, time }: TestRecord, { partitionKeys }: TableFacts): boolean {
  const own = partitionKeys.filter((key) => table !== null && plainName(key.table) === table);
  const columns = (own.length > 0 ? own : partitionKeys).flatMap((key) => key.columns);
  return columns.length === 0 || columns.some((column) => made.includes(column) && column !== time);
}

function hangsOnConstraint({ constraint }: WriteFailure, record: TestRecord, { constraints }: TableFacts): boolean {
  const known = constraints.find(({ name }) => name === constraint);
  if (!known || record.source === 'catalogue') return true;
  return known.columns.some((column) => record.made.includes(column));
}

/** A table's name without schema and quotes, as the server's error gives it. */
export function plainName(sqlName: string): string {
  const last = /(?:^|\.)("(?:[^"]|"")+"|[^."]+)$/.exec(sqlName)?.[1] ?? sqlName;
  return last.startsWith('"') ? last.slice(1, -1).replaceAll('""', '"') : last;
}
