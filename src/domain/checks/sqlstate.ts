import type { Verdict } from '#domain/incident/facts.ts';

/** What a database failure means: its cause in words, how bad it is for an audit log, and where the runbook goes on. */
export type FailureMeaning = { readonly cause: string; readonly level: Verdict['level']; readonly nextStep: string };

const CODE = 'look at recent changes of the application and its schema (runbook steps 5 and 7)';
const DATABASE = 'the database is the cause: go on with the DATABASE_FAILURE runbook';
const LOCKS = 'see who holds the table: long-running queries (runbook step 5)';
const PERMISSIONS = "check the role's rights (runbook step 7)";
const SCHEMA = 'check the schema before anything is recreated (runbook step 8)';
const STORAGE = 'check the storage (runbook step 6)';

const critical = (cause: string, nextStep: string): FailureMeaning => ({ cause, level: 'critical', nextStep });
const high = (cause: string, nextStep: string): FailureMeaning => ({ cause, level: 'high', nextStep });

/**
 * SQLSTATE or Node's error code → meaning, as each was seen when the failure was really made (runbook step 4 and those it forgot). The
 * server's own message, detail and hint are never shown: they may quote rows.
 */
const MEANINGS: Readonly<Record<string, FailureMeaning>> = {
  '42P01': critical('the table does not exist', SCHEMA),
  '42703': high('a column does not exist', SCHEMA),
  '42501': critical('permission denied', PERMISSIONS),
  '23502': high('a column without a default must not be empty', CODE),
  '23503': high('a foreign key refuses the record', CODE),
  '23505': high('a unique constraint refuses the record', CODE),
  '23514': high('a check constraint, or a missing partition, refuses the record', CODE),
  '22P02': high('an enum does not know a value', CODE),
  '22001': high('a value is too long for its column', CODE),
  '2200H': high('a sequence is exhausted', CODE),
  P0001: high('a trigger refuses the record', 'check the triggers on the table (runbook step 7)'),
  '55P03': high('the table is locked', LOCKS),
  '57014': high('the statement took too long: a lock, or a slow database', LOCKS),
  '53100': critical("the database's disk is full", STORAGE),
  '53300': critical('the database has no free connection', DATABASE),
  '25006': critical('the database takes only reads', DATABASE),
  '57P01': critical('the database is shutting down', DATABASE),
  '57P03': critical('the database is starting up or shutting down', DATABASE),
  '28P01': critical('the password was refused', DATABASE),
  '28000': critical('the role is unknown or may not connect', DATABASE),
  '3D000': critical('the database does not exist', DATABASE),
  '08P01': critical('the connection pooler refused the connection', DATABASE),
  ECONNREFUSED: critical('the database server refuses connections', DATABASE),
  ENOTFOUND: critical("the database server's name is unknown", DATABASE),
  EAI_AGAIN: critical("the database server's name can't be looked up", DATABASE),
  ETIMEDOUT: critical('the database server does not answer', DATABASE),
  ECONNRESET: critical('the database server broke the connection', DATABASE),
  ENOENT: critical("the database server's socket does not exist", DATABASE),
};

const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/timeout exceeded when trying to connect|timeout expired|connection timeout/i, 'the database server does not answer'],
  [/Query read timeout/, 'the database took too long to answer'],
  [/Connection terminated/, 'the database server broke the connection'],
  [/SCRAM.*password/, 'the password is missing'],
  [/does not support SSL/, 'TLS is wanted and the database server has none'],
];

/** The meaning of a code; an unknown one is high, and its words name the code alone. */
export function meaningOf(code: string | null): FailureMeaning {
  const known = code === null ? undefined : MEANINGS[code];
  return known ?? high(code === null ? 'the database connection failed' : 'the database answered an error', DATABASE);
}

/** A failure in words, with its code where it has one. */
export function databaseFailureWords(code: string | undefined, message: string): string {
  const known = code === undefined ? undefined : MEANINGS[code];
  if (known !== undefined) return `${known.cause} (${code})`;
  const matched = MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
  if (matched !== undefined) return matched;
  return code === undefined ? 'the database connection failed' : `the database answered error ${code}`;
}
