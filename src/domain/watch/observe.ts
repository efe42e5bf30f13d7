import { z } from 'zod';
import type { ProbeOutcome } from '#domain/audit-table/probe/outcome.ts';
import { probeSession } from '#domain/audit-table/probe/session.ts';
import { asWriter, type CheckProgram, query, tryQuery } from '#domain/audit-table/query.ts';
import type { AuditTable } from '#domain/audit-table/sql.ts';
import { filteredText, parseTable, tableQuery } from '#domain/audit-table/table.ts';
import type { WriteFailure } from '#domain/audit-table/writer-session.ts';
import type { Policy } from '#domain/base/policy.ts';
import { between, MINUTE, type Milliseconds } from '#domain/base/time.ts';
import { healthAnswerSchema, healthVerdict } from '#domain/checks/health.ts';
import { causeText } from '#domain/checks/probe-verdict.ts';
import { meaningOf } from '#domain/checks/sqlstate.ts';
import { diskSchema } from '#domain/checks/storage.ts';
import { arrivalOf } from './arrival.ts';
import type { Observation, ProbeSeen, TableSeen } from './observation.ts';
import { countsQuery, isUsualSilence, readCounts, readRound, readUsual, roundQuery, usualQuery } from './queries.ts';
import { silenceOf } from './rules.ts';
import type { WatchState } from './state.ts';

/** The table as the catalogue describes it, null when it must be looked up; and as it was last known, for writes while it can't be read. */
export type KnownTable = { readonly table: AuditTable | null; readonly lastKnown: AuditTable | null };

/** What a round may know before it asks. `known` is what an earlier round has found in the catalogue. */
export type WatchContext = {
  readonly tableName: string;
  readonly column: string;
  /** The zone of a time column without one; UTC unless given. */
  readonly zone?: string | undefined;
  readonly known: KnownTable;
  readonly state: WatchState;
  readonly policy: Pick<Policy, 'gap' | 'watch' | 'probe'>;
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
    'answer' in tableRead ? tableRead.answer : { seen: { kind: 'unseen', words: unseenWords(tableRead.why, context.known) }, table: null };
  const isTried = isProbeDue(context, health, seen);
  const lastKnown = table ?? context.known.lastKnown;
  const probe: ProbeSeen = isTried ? yield* probeTable(lastKnown, context.policy.probe.insert) : { kind: 'not-tried' };
  const isDiskDue = state.disk === null || between(state.disk.at, now) >= DISK_EVERY;
  const diskPercent = isDiskDue ? yield* queryDisk() : null;
  // A table that could not be looked at is looked up anew; how it is written to is still known.
  return { seen: { at: now, table: seen, health, probe, diskPercent }, known: { table, lastKnown } };
}

/** Without an index each reading costs the whole table, which is a likelier cause than a lock. */
function unseenWords(why: string, { lastKnown }: KnownTable): string {
  return lastKnown?.isIndexed === false ? `${why}; no index leads with ${lastKnown.column}, so each reading reads the whole table` : why;
}

type QueriedTable = { readonly seen: Observation['table']; readonly table: AuditTable | null };

function* queryTable(context: WatchContext): CheckProgram<QueriedTable> {
  const { tableName, column, zone, state, policy } = context;
  const table = context.known.table ?? parseTable(yield* query(tableQuery(tableName, column)), tableName, column, zone);
  if ('missing' in table) return { seen: { kind: 'unseen', words: table.missing }, table: null };
  if (table.isFiltered) return { seen: { kind: 'unseen', words: filteredText(table) }, table };
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

function* probeTable(table: AuditTable | null, insert: string | null): CheckProgram<ProbeSeen> {
  if (table === null) return { kind: 'unreached' };
  const tried = yield* tryQuery(asWriter(probeSession(table, { insert, isForced: false })));
  return 'answer' in tried ? probeSeen(tried.answer) : { kind: 'unreached' };
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * Only the database's own refusal of a record as the application writes it says that records can't be written. A connection that fails on
 * its way, a test record that does not fit, and a write that was held back say nothing.
 */
function probeSeen(outcome: ProbeOutcome): ProbeSeen {
  switch (outcome.kind) {
    case 'written':
      return { kind: 'written' };
    case 'refused':
      return { kind: 'refused', words: `${causeText(outcome)} (${outcome.failure.code ?? 'no code'})` };
    case 'nothing-stored':
      if (!outcome.isEveryRecord) return { kind: 'unreached' };
      return { kind: 'refused', words: `the table accepts a record and stores nothing (rule ${outcome.rules.join(', ')})` };
    case 'unreached':
      return connectionSeen(outcome.failure);
    case 'unfit':
    case 'held-back':
      return { kind: 'unreached' };
    default:
      return outcome satisfies never;
  }
}

/** A server that answers with a code of its own refuses the application too. */
function connectionSeen({ stage, code }: WriteFailure): ProbeSeen {
  if (stage === 'after' || code === null || !SQLSTATE.test(code)) return { kind: 'unreached' };
  return { kind: 'refused', words: `${meaningOf(code).cause} (${code})` };
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
