import { byCommand, CHECK_LOCKS, CHECK_PERMISSIONS, CHECK_SCHEMA, CHECK_STORAGE, DATABASE_FAILURE, type NextStep } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** What a database failure means: its cause in words, how bad it is for an audit log, and where the runbook goes on. */
export type FailureMeaning = { readonly cause: string; readonly level: Verdict['level']; readonly next: NextStep };

const CODE = byCommand('/audit deploys', 'look at recent changes of the application and its schema (runbook steps 5 and 7)');
const TRIGGERS = byCommand('/audit permissions', 'check the triggers on the table (runbook step 7)');

const critical = (cause: string, next: NextStep): FailureMeaning => ({ cause, level: 'critical', next });
const high = (cause: string, next: NextStep): FailureMeaning => ({ cause, level: 'high', next });

/**
 * SQLSTATE or Node's error code → meaning, as each was seen when the failure was really made (runbook step 4 and those it forgot). The
 * server's own message, detail and hint are never shown: they may quote rows.
 */
const MEANINGS: Readonly<Record<string, FailureMeaning>> = {
  '42P01': critical('the table does not exist', CHECK_SCHEMA),
  '42703': high('a column does not exist', CHECK_SCHEMA),
  '42501': critical('permission denied', CHECK_PERMISSIONS),
  '23502': high('a column without a default must not be empty', CODE),
  '23503': high('a foreign key refuses the record', CODE),
  '23505': high('a unique constraint refuses the record', CODE),
  '23514': high('a check constraint, or a missing partition, refuses the record', CODE),
  '22P02': high('an enum does not know a value', CODE),
  '22001': high('a value is too long for its column', CODE),
  '2200H': high('a sequence is exhausted', CODE),
  P0001: high('a trigger refuses the record', TRIGGERS),
  '55P03': high('the table is locked', CHECK_LOCKS),
  '57014': high('the statement took too long: a lock, or a slow database', CHECK_LOCKS),
  '53100': critical("the database's disk is full", CHECK_STORAGE),
  '53300': critical('the database has no free connection', DATABASE_FAILURE),
  '25006': critical('the database takes only reads', DATABASE_FAILURE),
  '57P01': critical('the database is shutting down', DATABASE_FAILURE),
  '57P03': critical('the database is starting up or shutting down', DATABASE_FAILURE),
  '28P01': critical('the password was refused', DATABASE_FAILURE),
  '28000': critical('the role is unknown or may not connect', DATABASE_FAILURE),
  '3D000': critical('the database does not exist', DATABASE_FAILURE),
  '08P01': critical('the connection pooler refused the connection', DATABASE_FAILURE),
  ECONNREFUSED: critical('the database server refuses connections', DATABASE_FAILURE),
  ENOTFOUND: critical("the database server's name is unknown", DATABASE_FAILURE),
  EAI_AGAIN: critical("the database server's name can't be looked up", DATABASE_FAILURE),
  ETIMEDOUT: critical('the database server does not answer', DATABASE_FAILURE),
  ECONNRESET: critical('the database server broke the connection', DATABASE_FAILURE),
  ENOENT: critical("the database server's socket does not exist", DATABASE_FAILURE),
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
  return known ?? high(code === null ? 'the database connection failed' : 'the database answered an error', DATABASE_FAILURE);
}

/** A failure in words, with its code where it has one. */
export function databaseFailureText(code: string | undefined, message: string): string {
  const known = code === undefined ? undefined : MEANINGS[code];
  if (known !== undefined) return `${known.cause} (${code})`;
  const matched = MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
  if (matched !== undefined) return matched;
  return code === undefined ? 'the database connection failed' : `the database answered error ${code}`;
}
