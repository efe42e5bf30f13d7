import pg from 'pg';
import { databaseFailureText } from '#domain/checks/sqlstate.ts';
import { ServiceFailure } from '#services/failure.ts';
import { driverUrl } from './address.ts';

const CONNECT_MILLISECONDS = 5_000;
const LOCK_MILLISECONDS = 2_000;

/**
 * Connects for one piece of a remedy's work on the audit table, with the application's own role, and closes. Nothing is set for the session,
 * neither at its start nor later: a pooler in transaction mode refuses the one and hands the other to somebody else. Throws a
 * {@link ServiceFailure}.
 */
export async function withWriter<Answer>(url: string, work: (client: pg.Client) => Promise<Answer>): Promise<Answer> {
  const client = new pg.Client({
    connectionString: driverUrl(url),
    application_name: 'gapwatch-remedy',
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    if (error instanceof ServiceFailure) throw error;
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    const isRefusal = error instanceof pg.DatabaseError && !/^(?:08|53|55|57|40)/.test(code ?? '');
    const text = databaseFailureText(code, error instanceof Error ? error.message : '');
    throw new ServiceFailure('audit-database', isRefusal ? 'refused' : 'unavailable', text, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Runs work in one transaction. A statement waits two seconds for a lock at most, and runs as long as `statementMilliseconds` says (0: as long
 * as it takes). `mode` is PostgreSQL's own word for the transaction, such as `read only`.
 */
export async function inTransaction<Answer>(
  client: pg.Client,
  { mode = '', statementMilliseconds = 0 }: { readonly mode?: string; readonly statementMilliseconds?: number },
  work: () => Promise<Answer>,
): Promise<Answer> {
  // Whatever the role has of its own: a record reads the same everywhere.
  await client.query(`
    begin ${mode};
    set local lock_timeout = ${LOCK_MILLISECONDS}; set local statement_timeout = ${statementMilliseconds};
    set local timezone = 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'postgres';
    set local bytea_output = 'hex'; set local extra_float_digits = 1`);
  const answer = await work();
  await client.query('commit');
  return answer;
}
