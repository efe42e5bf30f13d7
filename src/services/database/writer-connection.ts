import pg from 'pg';
import { databaseFailureText } from '#domain/checks/sqlstate.ts';
import { ServiceFailure } from '#services/failure.ts';

const CONNECT_MILLISECONDS = 5_000;
const LOCK_MILLISECONDS = 2_000;

/**
 * Connects for one piece of a remedy's work on the audit table, with the application's own role, and closes. A statement waits two seconds
 * for a lock at most, and runs as long as `statementMilliseconds` says (0: as long as it takes). Throws a {@link ServiceFailure}.
 */
export async function withWriter<Answer>(
  url: string,
  statementMilliseconds: number,
  work: (client: pg.Client) => Promise<Answer>,
): Promise<Answer> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'gapwatch-remedy',
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    statement_timeout: statementMilliseconds,
    lock_timeout: LOCK_MILLISECONDS,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    // Whatever the role has of its own: a record reads the same everywhere.
    await client.query(
      `set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres'; set bytea_output = 'hex'; set extra_float_digits = 1`,
    );
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
