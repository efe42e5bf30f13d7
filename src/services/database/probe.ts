import type { LimitFunction } from 'p-limit';
import pg from 'pg';
import { PROBE_NAME } from '#domain/audit-table/blockers.ts';
import type { WriteFailure, WriterAnswer, WriterSession, WriterStatement } from '#domain/audit-table/writer-session.ts';
import { driverUrl } from './address.ts';
import { writeFailureOf } from './write-failure.ts';

/** The monitored database as the application's own role. */
export type AuditWriter = {
  /** Runs a session in one transaction; what it tries is undone and never leaves a row, whatever is killed when. Failures are answers. */
  readonly run: <Answer>(session: WriterSession<Answer>) => Promise<Answer>;
};

const CONNECT_MILLISECONDS = 5_000;
const LOCK_MILLISECONDS = 2_000;
const STATEMENT_MILLISECONDS = 5_000;

/** Connects anew for each session, as an application instance that starts would; nothing is kept open. `connections` bounds all of them, these and others. */
export function connectAuditWriter(url: string, connections: LimitFunction, role?: string): AuditWriter {
  return { run: (session) => connections(() => run(url, role, session)) };
}

async function run<Answer>(url: string, role: string | undefined, session: WriterSession<Answer>): Promise<Answer> {
  const client = new pg.Client({
    connectionString: driverUrl(url),
    application_name: PROBE_NAME,
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    query_timeout: STATEMENT_MILLISECONDS + 1_000,
  });
  client.on('error', () => undefined);
  try {
    let step = session.next();
    while (!step.done) step = session.next(await carryOut(client, role, step.value));
    return step.value;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function carryOut(client: pg.Client, role: string | undefined, statement: WriterStatement): Promise<WriterAnswer> {
  switch (statement.kind) {
    case 'connect':
      return answered('before', async () => {
        await client.connect();
        await client.query('begin');
        if (role !== undefined) await becomes(client, role);
        await client.query(TIMEOUTS);
        return [];
      });
    case 'ask':
      return answered('insert', async () => {
        await client.query('savepoint ask');
        const { rows } = await client.query<Record<string, unknown>>(statement.sql.text, [...statement.sql.values]);
        return rows;
      }).then((answer) => keepingTransaction(client, 'ask', answer));
    case 'try':
      return tryInsert(client, statement.insert);
    case 'close':
      return answered('after', () => client.query('commit').then(() => []));
    default:
      return statement satisfies never;
  }
}

/**
 * Goes on as the application's role, with what is set for that role: `set role` alone takes its rights, but none of its settings. A role that
 * reads only does so by its default for transactions, which comes too late for this one.
 */
async function becomes(client: pg.Client, role: string): Promise<void> {
  await client.query(`set local role ${client.escapeIdentifier(role)}`);
  await client.query(`
    select set_config(case name when 'default_transaction_read_only' then 'transaction_read_only' else name end, value, true)
    from pg_db_role_setting s
      cross join unnest(s.setconfig) as setting
      cross join lateral (select split_part(setting, '=', 1) as name, substr(setting, strpos(setting, '=') + 1) as value) as part
    where s.setrole = (select oid from pg_roles where rolname = current_user)
      and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
      and (name in ('statement_timeout', 'lock_timeout', 'search_path', 'row_security', 'default_transaction_read_only') or name like '%.%')
    order by s.setdatabase`);
}

/** Its own timeouts are never raised: what is too slow for the application must be too slow for us. */
const TIMEOUTS = `
  set local timezone = 'UTC';
  select set_config(name, (case when setting::int between 1 and most then setting::int else most end)::text, true)
  from pg_settings join (values ('lock_timeout', ${LOCK_MILLISECONDS}), ('statement_timeout', ${STATEMENT_MILLISECONDS})) as own(timeout, most)
    on timeout = name;
  set local idle_in_transaction_session_timeout = ${2 * STATEMENT_MILLISECONDS}`;

/**
 * SAVEPOINT, INSERT, deferred constraints now, ROLLBACK TO: the row is gone before the commit, and the commit still meets what only a commit
 * meets. If the connection dies anywhere before, the server rolls all of it back.
 */
async function tryInsert(
  client: pg.Client,
  { text, values }: { readonly text: string; readonly values: readonly unknown[] },
): Promise<WriterAnswer> {
  const startedAt = performance.now();
  let stage: WriteFailure['stage'] = 'insert';
  try {
    await client.query('savepoint probe');
    // One statement alone: the extended protocol refuses a second one, which could end the transaction.
    const statement = { text, values: [...values], queryMode: 'extended' };
    const { rowCount, rows: returned } = await client.query<Record<string, unknown>>(statement);
    const milliseconds = performance.now() - startedAt;
    const { rows } = await client.query<{ table: string; oid: string }>(STORED_IN);
    stage = 'constraints';
    await client.query('set constraints all immediate');
    stage = 'after';
    await client.query('rollback to savepoint probe');
    return { kind: 'tried', rowCount: rowCount ?? 0, storedIn: rows, returned, milliseconds };
  } catch (error) {
    return keepingTransaction(client, 'probe', { kind: 'failed', failure: writeFailureOf(stage, error) });
  }
}

/** Where this transaction has stored rows so far, by its own statistics: no right and no reading of the table is needed. */
const STORED_IN = `
  select relid::regclass::text as table, relid::text as oid from pg_stat_xact_all_tables
  where n_tup_ins > 0 and schemaname not in ('pg_catalog', 'information_schema', 'pg_toast')`;

/** After a failure the transaction goes on from the savepoint, so that more can be asked. */
async function keepingTransaction(client: pg.Client, savepoint: string, answer: WriterAnswer): Promise<WriterAnswer> {
  if (answer.kind === 'failed') await client.query(`rollback to savepoint ${savepoint}`).catch(() => undefined);
  return answer;
}

async function answered(stage: WriteFailure['stage'], work: () => Promise<readonly unknown[]>): Promise<WriterAnswer> {
  try {
    return { kind: 'rows', rows: await work() };
  } catch (error) {
    return { kind: 'failed', failure: writeFailureOf(stage, error) };
  }
}
