import pg from 'pg';

/** Anything that runs a statement: the pool, or a client inside a transaction. One with a `name` is planned once a connection. */
export type Queryable = {
  readonly query: (sql: string, values?: readonly unknown[], name?: string) => Promise<{ readonly rows: readonly unknown[] }>;
};

/** Gapwatch's own database. */
export type Database = Queryable & {
  /** Runs `work` in one transaction: all of it is kept, or nothing. */
  readonly transaction: <Result>(work: (client: Queryable) => Promise<Result>) => Promise<Result>;
  readonly close: () => Promise<void>;
};

/** The store can't be reached or refused a statement. Nothing of the failed transaction was kept. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Opens a pool on Gapwatch's own database. Connections time out after 5 s, statements after 15 s; idle errors go to `onError`. */
export function openDatabase(connectionString: string, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({
    connectionString,
    max: 10,
    application_name: 'gapwatch',
    connectionTimeoutMillis: 5_000,
    query_timeout: 20_000,
    statement_timeout: 15_000,
    idle_in_transaction_session_timeout: 20_000,
  });
  // An idle connection that the server ends raises here; without a listener the process would die.
  pool.on('error', onError);
  return {
    query: (sql, values, name) => run(pool, sql, values, name),
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  };
}

async function run(
  client: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<{ rows: unknown[] }> {
  try {
    return await client.query<Record<string, unknown>>({ text, values: [...values], ...(name === undefined ? {} : { name }) });
  } catch (error) {
    throw unavailable(error);
  }
}

async function inTransaction<Result>(pool: pg.Pool, work: (client: Queryable) => Promise<Result>): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => Promise.reject(unavailable(error)));
  const forgotten = () => undefined;
  client.on('error', forgotten);
  try {
    await run(client, 'begin');
    const result = await work({ query: (sql, values, name) => run(client, sql, values, name) });
    await run(client, 'commit');
    client.off('error', forgotten);
    client.release();
    return result;
  } catch (error) {
    // A rollback that fails means the connection is gone, and with it the transaction.
    const rolledBack = await client.query('rollback').then(
      () => true,
      () => false,
    );
    client.off('error', forgotten);
    client.release(!rolledBack);
    throw error;
  }
}

function unavailable(error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`Gapwatch's own database: ${reason}`, { cause: error });
}
