import type { LimitFunction } from 'p-limit';
import pg from 'pg';
import type { ProbeOutcome } from '#domain/audit-table/probe-outcome.ts';
import type { Sql } from '#domain/audit-table/sql.ts';
import { databaseFailureText } from '#domain/checks/sqlstate.ts';

/** The monitored database as the application's own role. */
export type AuditWriter = {
  /** Tries an INSERT and undoes it; never leaves a row, whatever is killed when. A failure is an outcome. */
  readonly probe: (insert: Sql) => Promise<ProbeOutcome>;
};

const CONNECT_MILLISECONDS = 5_000;
const LOCK_MILLISECONDS = 2_000;
const STATEMENT_MILLISECONDS = 5_000;

/** Connects anew for each probe, as an application instance that starts would; nothing is kept open. `connections` bounds all of them, these and others. */
export function connectAuditWriter(url: string, connections: LimitFunction): AuditWriter {
  return { probe: (insert) => connections(() => probe(url, insert)) };
}

type Stage = Extract<ProbeOutcome, { readonly kind: 'failed' }>['stage'];

/**
 * BEGIN, SAVEPOINT, INSERT, deferred constraints now, ROLLBACK TO, COMMIT: the row is gone before the commit, and the commit still
 * meets what only a commit meets. If the connection dies anywhere before, the server rolls all of it back.
 */
async function probe(url: string, insert: Sql): Promise<ProbeOutcome> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'gapwatch-probe',
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    query_timeout: STATEMENT_MILLISECONDS + 1_000,
  });
  client.on('error', () => undefined);
  let stage: Stage = 'before';
  const startedAt = performance.now();
  try {
    await client.connect();
    await client.query(`
      begin;
      set local timezone = 'UTC';
      set local lock_timeout = ${LOCK_MILLISECONDS};
      set local statement_timeout = ${STATEMENT_MILLISECONDS};
      set local idle_in_transaction_session_timeout = ${2 * STATEMENT_MILLISECONDS};
      savepoint probe`);
    stage = 'insert';
    await client.query(insert.text, [...insert.values]);
    stage = 'constraints';
    await client.query('set constraints all immediate');
    stage = 'after';
    await client.query('rollback to savepoint probe');
    await client.query('commit');
    return { kind: 'written', milliseconds: performance.now() - startedAt };
  } catch (error) {
    return outcomeOf(stage, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function outcomeOf(stage: Stage, error: unknown): ProbeOutcome {
  const isDatabaseError = error instanceof pg.DatabaseError;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
  const message = error instanceof Error ? error.message : '';
  return {
    kind: 'failed',
    // A connection that is refused inside the INSERT's round trip is no refusal of the INSERT.
    stage: isDatabaseError && error.severity === 'FATAL' ? 'before' : stage,
    code,
    text: databaseFailureText(code ?? undefined, message),
    isRowSecurity: message.includes('row-level security'),
    column: isDatabaseError ? (error.column ?? null) : null,
    constraint: isDatabaseError ? (error.constraint ?? null) : null,
  };
}
