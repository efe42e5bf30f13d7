import { z } from 'zod';
import { type ProbeOutcome, probeOutcomeSchema } from '#domain/audit-table/probe-outcome.ts';
import { type CheckProgram, query, tryQuery } from '#domain/audit-table/query.ts';
import type { AuditTable, Sql } from '#domain/audit-table/sql.ts';
import { parseTable, tableQuery } from '#domain/audit-table/table.ts';
import type { Policy } from '#domain/base/policy.ts';
import { between, MINUTE, type Milliseconds } from '#domain/base/time.ts';
import { healthAnswerSchema, healthVerdict } from '#domain/checks/health.ts';
import { columnsQuery, insertFor } from '#domain/checks/probe.ts';
import { meaningOf } from '#domain/checks/sqlstate.ts';
import { diskSchema } from '#domain/checks/storage.ts';
import { arrivalOf } from './arrival.ts';
import type { Observation, ProbeSeen, TableSeen } from './observation.ts';
import { countsQuery, isUsualSilence, readCounts, readRound, readUsual, roundQuery, usualQuery } from './queries.ts';
import { silenceOf } from './rules.ts';
import type { WatchState } from './state.ts';

/** The table as the catalogue describes it, and the INSERT that tries a write; null what must be looked up. */
export type KnownTable = { readonly table: AuditTable | null; readonly insert: Sql | null };

/** What a round may know before it asks. `known` is what an earlier round has found in the catalogue. */
export type WatchContext = {
  readonly tableName: string;
  readonly column: string;
  readonly known: KnownTable;
  readonly state: WatchState;
  readonly policy: Pick<Policy, 'gap' | 'watch'>;
  readonly now: Date;
};

/** What was seen, and the table as it is known from now on. */
export type Observed = { readonly seen: Observation; readonly known: KnownTable };

const COMPARE_EVERY: Milliseconds = MINUTE;
const DISK_EVERY: Milliseconds = 5 * MINUTE;
/** While writes are believed to fail, one is tried this often. */
const PROBE_AGAIN: Milliseconds = MINUTE;

/**
 * One round: the table always, the health endpoint too; the write probe and the disk every few minutes, and the probe at once when a
 * silence has become suspicious. What is not configured is left out; what gets no answer is unseen, and never well.
 */
export function* observe(context: WatchContext): CheckProgram<Observed> {
  const { state, now } = context;
  const health = yield* queryHealth();
  const tableRead = yield* tryQuery(queryTable(context));
  const { seen, table }: QueriedTable =
    'answer' in tableRead ? tableRead.answer : { seen: { kind: 'unseen', words: tableRead.why }, table: null };
  const isTried = isProbeDue(context, health, seen);
  const insert = (isTried && table ? yield* findInsert(table) : null) ?? context.known.insert;
  const probe: ProbeSeen = isTried ? yield* tryWrite(insert) : { kind: 'not-tried' };
  const isDiskDue = state.disk === null || between(state.disk.at, now) >= DISK_EVERY;
  const diskPercent = isDiskDue ? yield* queryDisk() : null;
  // A table that could not be looked at is looked up anew; how it is written to is still known.
  return { seen: { at: now, table: seen, health, probe, diskPercent }, known: { table, insert } };
}

type QueriedTable = { readonly seen: Observation['table']; readonly table: AuditTable | null };

function* queryTable(context: WatchContext): CheckProgram<QueriedTable> {
  const { tableName, column, state, policy } = context;
  const table = context.known.table ?? parseTable(yield* query(tableQuery(tableName, column)), tableName, column);
  if ('missing' in table) return { seen: { kind: 'unseen', words: table.missing }, table: null };
  const seen = readRound(yield* query(roundQuery(table, state.countedUntil)));
  const isUsual = yield* queryUsual(context, table, seen);
  const isCompared = state.comparedAt === null || between(state.comparedAt, seen.at) >= COMPARE_EVERY;
  const counts = isCompared ? readCounts(yield* query(countsQuery(table, policy.watch.timeZone))) : null;
  return { seen: { ...seen, counts, isUsualSilence: isUsual }, table };
}

/** Only a suspicious silence asks what is usual. */
function* queryUsual({ state, policy: { gap, watch } }: WatchContext, table: AuditTable, seen: TableSeen): CheckProgram<boolean> {
  const arrival = arrivalOf(state.arrival, state.lookedAt, seen.newest, seen.readUpTo);
  if (arrival === null || silenceOf({ ...state, arrival }, seen) < gap.alertAfter) return false;
  const rows = yield* query(usualQuery(table, arrival.at, watch.quietFloor, watch.timeZone));
  return isUsualSilence(readUsual(rows), watch.quietFloor);
}

function isSuspiciousSilence({ state, policy }: WatchContext, seen: TableSeen): boolean {
  const arrival = arrivalOf(state.arrival, state.lookedAt, seen.newest, seen.readUpTo);
  return silenceOf({ ...state, arrival }, seen) >= policy.gap.alertAfter;
}

/**
 * The probe is due every `watch.probe_every`; once a minute while writes are believed to fail or nobody can look; and at once when a silence has
 * become suspicious, unless one has been tried in it.
 */
function isProbeDue(context: WatchContext, health: Observation['health'], seen: Observation['table']): boolean {
  const { state, policy, now } = context;
  const { probe, arrival } = state;
  if (probe === null) return true;
  const age = between(probe.at, now);
  const isBelievedToFail = health === 'failing' || seen.kind === 'unseen' || probe.outcome === 'refused';
  if (age >= (isBelievedToFail ? PROBE_AGAIN : policy.watch.probeEvery)) return true;
  if (seen.kind === 'unseen' || !isSuspiciousSilence(context, seen)) return false;
  const isOfThisSilence = probe.tableAt !== null && arrival !== null && between(arrival.at, probe.tableAt) >= policy.gap.alertAfter;
  return !isOfThisSilence;
}

/** The INSERT is made anew for each probe: a migration may have added a column. */
function* findInsert(table: AuditTable): CheckProgram<Sql | null> {
  const columns = yield* tryQuery(query(columnsQuery(table)));
  return 'answer' in columns ? insertFor(table, columns.answer) : null;
}

function* tryWrite(insert: Sql | null): CheckProgram<ProbeSeen> {
  if (insert === null) return { kind: 'unreached' };
  const tried = yield* tryQuery(
    (function* (): CheckProgram<ProbeSeen> {
      const [row] = yield { kind: 'probe', insert };
      return probeSeen(probeOutcomeSchema.parse(row));
    })(),
  );
  return 'answer' in tried ? tried.answer : { kind: 'unreached' };
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Only the database's own refusal says that records can't be written; a connection that fails on its way says nothing. */
function probeSeen(outcome: ProbeOutcome): ProbeSeen {
  if (outcome.kind === 'written') return { kind: 'written' };
  if (outcome.stage === 'after' || outcome.code === null || !SQLSTATE.test(outcome.code)) return { kind: 'unreached' };
  const why = outcome.isRowSecurity ? 'row-level security refuses the record' : meaningOf(outcome.code).cause;
  return { kind: 'refused', words: `${why} (${outcome.code})` };
}

function* queryHealth(): CheckProgram<Observation['health']> {
  const asked = yield* tryQuery(
    (function* (): CheckProgram<Observation['health']> {
      const answer = healthAnswerSchema.parse((yield { kind: 'health' })[0]);
      // An endpoint that does not answer is an application that is down; of its audit log it says nothing.
      if (answer.kind === 'silent') return null;
      const { level } = healthVerdict(answer);
      return level === 'ok' ? 'active' : level === 'critical' ? 'failing' : null;
    })(),
  );
  return 'answer' in asked ? asked.answer : null;
}

const sizeRow = z.object({ bytes: z.number() });

/** The disk as the platform measures it; else the databases' sizes against the storage's, an estimate. */
function* queryDisk(): CheckProgram<number | null> {
  const asked = yield* tryQuery(
    (function* (): CheckProgram<number | null> {
      const { usedPercent, totalBytes } = diskSchema.parse((yield { kind: 'disk' })[0]);
      if (usedPercent !== null || totalBytes === null || totalBytes <= 0) return usedPercent;
      const [row] = yield* query({
        text: `
          select coalesce(sum(pg_database_size(oid)), 0)::float8 as bytes from pg_database
          where has_database_privilege(oid, 'CONNECT') and datallowconn`,
        values: [],
      });
      return (sizeRow.parse(row).bytes / totalBytes) * 100;
    })(),
  );
  return 'answer' in asked ? asked.answer : null;
}
