import { z } from 'zod';
import { type AuditTable, columnSql, quoteIdentifier, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import { askAsWriter, type WriteFailure, type WriterAnswer, type WriterSession } from '#domain/audit-table/writer-session.ts';
import { type ColumnFacts, factsQuery, parseFacts, type TableFacts } from './facts.ts';
import { createPartitionSql, newestPartitionQuery } from './missing-partition.ts';
import type { ProbeOutcome, RefusalCause } from './outcome.ts';
import { isNoPartition, refusalOf } from './refusal.ts';
import { copiedRecord, givenRecord, madeUpRecord, type TestRecord } from './test-record.ts';

/** What a statement of ours may take at most, in milliseconds; where less is in force, the role has it of its own. */
const OUR_TIMEOUT = 5_000;

/** `insert`: the policy's own INSERT. `isForced`: try the write also where it acts outside the transaction. */
export type ProbeOptions = { readonly insert: string | null; readonly isForced: boolean };

/**
 * Tries a write as the application's role and undoes it (runbook step 4). The record is the policy's own INSERT, else a copy of the
 * newest real record, else values from the catalogue; a record that does not fit gives way to the next kind. No id of a sequence is
 * used up, so the sequences themselves are judged by the catalogue.
 */
export function* probeSession(table: AuditTable, options: ProbeOptions): WriterSession<ProbeOutcome> {
  const connected = yield { kind: 'connect' };
  if (connected.kind === 'failed') return { kind: 'unreached', failure: connected.failure };
  const outcome = yield* probeConnected(table, options);
  const closed = yield { kind: 'close' };
  return closed.kind === 'failed' && outcome.kind === 'written'
    ? { kind: 'unreached', failure: { ...closed.failure, stage: 'after' } }
    : outcome;
}

function* probeConnected(table: AuditTable, { insert, isForced }: ProbeOptions): WriterSession<ProbeOutcome> {
  const asked = yield* askAsWriter(factsQuery(table));
  if ('failure' in asked) return factsRefused(asked.failure);
  const facts = parseFacts(asked.rows);
  const writer = { role: facts.role, statementTimeout: facts.statementTimeout };
  const effects = facts.triggers.flatMap(({ name, table: of, actsOutside }) =>
    actsOutside === null ? [] : [{ trigger: name, table: of, does: actsOutside }],
  );
  if (effects.length > 0 && !isForced) return { kind: 'held-back', writer, effects };
  let first: ProbeOutcome | null = null;
  for (const record of yield* recordsFor(table, facts, insert)) {
    const outcome = yield* tryRecord(table, facts, record);
    if (outcome.kind !== 'unfit') return outcome;
    first ??= outcome;
  }
  return first ?? (yield* tryRecord(table, facts, madeUpRecord(table, facts)));
}

/**
 * The catalogue names the table by a cast, which a role without the schema's USAGE is refused, as its INSERT would be; and of a table that is
 * held altogether not even its defaults can be read.
 */
function factsRefused(failure: WriteFailure): ProbeOutcome {
  const refused = { ...failure, stage: 'insert' as const };
  const writer = { role: '', statementTimeout: 0 };
  const isRefusal = ['42501', '42P01', '3F000', '55P03', '57014'].includes(failure.code ?? '');
  return isRefusal ? { kind: 'refused', source: 'catalogue', writer, failure: refused, cause: null } : { kind: 'unreached', failure };
}

function* recordsFor(table: AuditTable, facts: TableFacts, insert: string | null): WriterSession<readonly TestRecord[]> {
  if (insert !== null) return [givenRecord(table, insert)];
  const made = madeUpRecord(table, facts);
  if (!facts.columns.some(({ name, maySelect }) => name === table.column && maySelect)) return [made];
  const seen = yield* askAsWriter({ text: `select ${columnSql(table)} is null as is_null from ${tableSql(table)} limit 1`, values: [] });
  return 'rows' in seen && seen.rows.length > 0 ? [copiedRecord(table, facts), made] : [made];
}

function* tryRecord(table: AuditTable, facts: TableFacts, record: TestRecord): WriterSession<ProbeOutcome> {
  const { source } = record;
  const writer = { role: facts.role, statementTimeout: facts.statementTimeout };
  const tried = yield { kind: 'try', insert: record.insert };
  if (tried.kind === 'failed') {
    const { failure } = tried;
    if (failure.stage === 'before' || failure.stage === 'after' || !/^[0-9A-Z]{5}$/.test(failure.code ?? ''))
      return { kind: 'unreached', failure };
    const kind = refusalOf(failure, record, facts);
    return { kind, source, writer, failure, cause: yield* causeOf(failure, facts) };
  }
  if (!isStored(tried, facts)) return nothingStored(tried, facts, record);
  const problem = source === 'policy' ? null : yield* sequenceProblem(table, facts);
  if (problem !== null) return { kind: 'refused', source, writer, ...problem };
  const { milliseconds, returned } = tried.kind === 'tried' ? tried : { milliseconds: 0, returned: [] };
  return { kind: 'written', source, writer, milliseconds, secondsOff: returnedRow.safeParse(returned[0]).data?.seconds ?? null };
}

/** By the server's count, or where a redirecting trigger hides it from the count, by the transaction's own statistics. */
function isStored(answer: WriterAnswer, { oids }: TableFacts): boolean {
  return answer.kind === 'tried' && (answer.rowCount > 0 || answer.storedIn.some(({ oid }) => oids.includes(oid)));
}

function nothingStored(
  answer: WriterAnswer,
  { rules, triggers, role, statementTimeout }: TableFacts,
  { source }: TestRecord,
): ProbeOutcome {
  return {
    kind: 'nothing-stored',
    source,
    writer: { role, statementTimeout },
    rules: rules.map(({ name }) => name),
    triggers: triggers.flatMap(({ name, table, isBeforeRow }) => (isBeforeRow ? [`${name} on ${table}`] : [])),
    storedIn: answer.kind === 'tried' ? answer.storedIn.map(({ table }) => table) : [],
    isEveryRecord: rules.some(({ isUnconditional }) => isUnconditional),
  };
}

function* causeOf(failure: WriteFailure, facts: TableFacts): WriterSession<RefusalCause | null> {
  if (failure.isRowSecurity) {
    const restrictive = facts.policies.filter(({ isPermissive }) => !isPermissive);
    return { kind: 'policies', names: (restrictive.length > 0 ? restrictive : facts.policies).map(({ name }) => name) };
  }
  if (failure.code === '57014' && facts.statementTimeout > 0 && facts.statementTimeout < OUR_TIMEOUT) {
    return { kind: 'own-timeout', milliseconds: facts.statementTimeout };
  }
  if (failure.code === '25006') return { kind: 'read-only', by: facts.readOnly ?? 'the session' };
  if (!isNoPartition(failure) || failure.table === null) return null;
  const name = facts.partitionKeys.find(
    ({ table }) => table.endsWith(failure.table ?? '') || table.endsWith(`${quoteIdentifier(failure.table ?? '')}`),
  )?.table;
  const parent = name ?? quoteIdentifier(failure.table);
  const newest = yield* askAsWriter(newestPartitionQuery(parent));
  return { kind: 'no-partition', table: parent, create: 'rows' in newest ? createPartitionSql(parent, newest.rows) : null };
}

type SequenceProblem = { readonly failure: WriteFailure; readonly cause: RefusalCause };

/** What the application's own INSERT would meet at its sequence; ours named its id and did not. */
function* sequenceProblem(table: AuditTable, facts: TableFacts): WriterSession<SequenceProblem | null> {
  for (const column of facts.columns) {
    const { sequence } = column;
    if (sequence === null) continue;
    if (!sequence.mayUse) return problemOf(column, sequence.name, 'forbidden');
    if (sequence.isExhausted) return problemOf(column, sequence.name, 'exhausted');
    if (sequence.isPastType) return problemOf(column, sequence.name, 'past-type');
    const isKey = facts.uniques.some(({ columns }) => columns.length === 1 && columns[0] === column.name);
    if (!isKey || !column.maySelect || sequence.next === null) continue;
    const taken = yield* askAsWriter(takenQuery(table, column, sequence.name));
    if ('rows' in taken && takenRow.parse(taken.rows[0]).taken) return problemOf(column, sequence.name, 'behind');
  }
  return null;
}

/**
 * One probe of the key's index. The statement's snapshot is older than the sequence's number in it, so that a record which takes the number
 * meanwhile is not seen. A sequence that was never used says nothing: the application may give its own numbers.
 */
function takenQuery(table: AuditTable, { name }: ColumnFacts, sequence: string): Sql {
  return {
    text: `
      select exists (
        select from ${tableSql(table)} where ${quoteIdentifier(name)} = (
          select pg_sequence_last_value(s.seqrelid) + s.seqincrement from pg_sequence s where s.seqrelid = $1::regclass)) as taken`,
    values: [sequence],
  };
}

const returnedRow = z.object({ seconds: z.number() });
const takenRow = z.object({ taken: z.boolean() });
const CODES = { forbidden: '42501', exhausted: '2200H', 'past-type': '22003', behind: '23505' } as const;

function problemOf({ name }: ColumnFacts, sequence: string, what: keyof typeof CODES): SequenceProblem {
  const failure: WriteFailure = {
    stage: 'insert',
    code: CODES[what],
    text: '',
    isRowSecurity: false,
    lacksSetting: false,
    column: name,
    constraint: null,
    table: null,
    object: { kind: 'sequence', name: sequence },
    functions: [],
  };
  return { failure, cause: { kind: 'sequence', sequence, what } };
}
