import type { LimitFunction } from 'p-limit';
import pTimeout from 'p-timeout';
import pg from 'pg';
import { parseReading, type ReadingRequest, readingQuery, type Silence, type TableReading } from '#domain/audit-table/reading.ts';
import type { AuditTable, Rows, Sql } from '#domain/audit-table/sql.ts';
import { filteredText, parseTable, tableQuery } from '#domain/audit-table/table.ts';
import type { Milliseconds } from '#domain/base/time.ts';
import { databaseFailureText } from '#domain/checks/sqlstate.ts';
import { findGapsSince } from '#domain/gap/scan.ts';
import { ServiceFailure } from '#services/failure.ts';
import { driverUrl } from './address.ts';

/**
 * The monitored database, read-only: at most two connections, every transaction READ ONLY in UTC with its own timeouts, so that it
 * is safe for a database that is in trouble and works through PgBouncer in transaction mode.
 */
export type AuditDatabase = {
  /** One reading of the table; a failure to read is an answer too. Never takes longer than `deadline`. */
  readonly reading: (request: ReadingRequest, tolerance: Milliseconds, deadline: Milliseconds) => Promise<TableReading>;
  /** Runs one statement. Throws {@link ServiceFailure} when it fails or takes longer than `deadline`. */
  readonly read: (sql: Sql, deadline: Milliseconds) => Promise<Rows>;
  readonly close: () => Promise<void>;
};

/** `connections`: how many there may be at the same time; shared with everything else that connects to the monitored database. */
type Connection = {
  readonly url: string;
  readonly table: string;
  readonly timestampColumn: string;
  /** The zone of a time column without one; UTC unless given. */
  readonly zone?: string | undefined;
  readonly connections: LimitFunction;
};

const CONNECT_MILLISECONDS = 5_000;

/** Opens a pool; nothing connects until something is asked. Errors of idle connections go to `onError`. */
export function openAuditDatabase(connection: Connection, onError: (error: Error) => void): AuditDatabase {
  const pool = new pg.Pool({
    connectionString: driverUrl(connection.url),
    max: 2,
    application_name: 'gapwatch',
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    idleTimeoutMillis: 60_000,
  });
  pool.on('error', onError);
  let known: AuditTable | null = null;
  // Within the deadline, come what may; work that is given up ends by its own timeouts and drops its connection.
  const inTransaction = <Answer>(deadline: Milliseconds, work: (client: pg.PoolClient) => Promise<Answer>) =>
    pTimeout(
      connection.connections(() => inReadOnlyTransaction(pool, deadline, work)),
      {
        milliseconds: Math.max(1, deadline),
        message: new ServiceFailure('audit-database', 'unavailable', 'the database took too long to answer'),
      },
    ).catch((error: unknown) => Promise.reject(failureOf(error)));
  return {
    read: (sql, deadline) => inTransaction(deadline, (client) => run(client, sql, deadline)),
    reading: (request, tolerance, deadline) =>
      inTransaction(deadline, async (client) => {
        known ??= await findTable(client, connection, deadline);
        const table = known;
        const rows = await run(client, readingQuery(table, request), deadline);
        return parseReading(rows, request, await silencesSince(client, table, request.since, tolerance, deadline));
      }).catch((error: unknown): TableReading => {
        // A table that was dropped, renamed or changed is looked up again next time.
        known = null;
        return { kind: 'unseen', failure: failureOf(error).message };
      }),
    close: () => pool.end(),
  };
}

async function findTable(client: pg.PoolClient, { table, timestampColumn, zone }: Connection, deadline: Milliseconds): Promise<AuditTable> {
  const found = parseTable(await run(client, tableQuery(table, timestampColumn), deadline), table, timestampColumn, zone);
  if ('missing' in found) throw new ServiceFailure('audit-database', 'refused', found.missing);
  if (found.isFiltered) throw new ServiceFailure('audit-database', 'refused', filteredText(found));
  return found;
}

/** The gap scan over the span of an incident, in the reading's own transaction; null where the table did not answer to its end. */
async function silencesSince(
  client: pg.PoolClient,
  table: AuditTable,
  since: Date,
  tolerance: Milliseconds,
  deadline: Milliseconds,
): Promise<readonly Silence[] | null> {
  const scan = findGapsSince(table, since, tolerance);
  let step = scan.next();
  while (!step.done) step = scan.next(await run(client, step.value, deadline));
  return step.value.unread === null ? step.value.gaps : null;
}

async function run(client: pg.PoolClient, { text, values }: Sql, deadline: Milliseconds): Promise<Rows> {
  const config = { text, values: [...values], query_timeout: deadline };
  const { rows } = await client.query<Record<string, unknown>>(config);
  return rows;
}

async function inReadOnlyTransaction<Answer>(
  pool: pg.Pool,
  deadline: Milliseconds,
  work: (client: pg.PoolClient) => Promise<Answer>,
): Promise<Answer> {
  const client = await pool.connect();
  const forgotten = () => undefined;
  client.on('error', forgotten);
  let isBroken = true;
  try {
    // SET LOCAL inside the transaction: through a transaction-mode pooler nothing leaks to other clients.
    await client.query(`
      begin read only;
      set local timezone = 'UTC';
      set local statement_timeout = ${Math.ceil(deadline)};
      set local lock_timeout = ${Math.ceil(deadline / 2)};
      set local idle_in_transaction_session_timeout = ${Math.ceil(deadline * 2)}`);
    const answer = await work(client);
    await client.query('commit');
    isBroken = false;
    return answer;
  } finally {
    client.off('error', forgotten);
    // One connection is kept for the next look, a second one is not: with a probe beside it there would be three.
    client.release(isBroken || pool.totalCount > 1);
  }
}

function failureOf(error: unknown): ServiceFailure {
  if (error instanceof ServiceFailure) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const text = databaseFailureText(code, error instanceof Error ? error.message : String(error));
  return new ServiceFailure('audit-database', 'unavailable', text, { cause: error });
}
