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
  '3F000': critical('the schema does not exist', CHECK_SCHEMA),
  '42703': high('a column does not exist', CHECK_SCHEMA),
  '42883': high('a function does not exist', TRIGGERS),
  '42501': critical('permission denied', CHECK_PERMISSIONS),
  '23502': high('a column without a default must not be empty', CODE),
  '23503': high('a foreign key refuses the record', CODE),
  '23505': high('a unique constraint refuses the record', CODE),
  '23514': high('a check constraint refuses the record', CODE),
  '22P02': high('an enum does not know a value', CODE),
  '22001': high('a value is too long for its column', CODE),
  '22003': high('a number is too large for its column', CHECK_SCHEMA),
  '2200H': high('a sequence is exhausted', CHECK_PERMISSIONS),
  '40001': high('a serialization conflict', CHECK_LOCKS),
  '40P01': high('a deadlock', CHECK_LOCKS),
  '54001': high('a trigger or function calls itself without end', TRIGGERS),
  '55000': high('the table can’t be inserted into', CHECK_SCHEMA),
  '42809': high('the table can’t be inserted into', CHECK_SCHEMA),
  '0A000': high('the table can’t be inserted into', CHECK_SCHEMA),
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
  CERT_HAS_EXPIRED: critical("the database server's TLS certificate has expired", DATABASE_FAILURE),
  DEPTH_ZERO_SELF_SIGNED_CERT: critical("the database server's TLS certificate is self-signed: name its CA in CA_FILE", DATABASE_FAILURE),
  SELF_SIGNED_CERT_IN_CHAIN: critical(
    "the database server's TLS certificate comes from an unknown authority: name it in CA_FILE",
    DATABASE_FAILURE,
  ),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: critical(
    "the database server's TLS certificate can't be verified: name its CA in CA_FILE",
    DATABASE_FAILURE,
  ),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: critical(
    "the database server's TLS certificate comes from an unknown authority: name it in CA_FILE",
    DATABASE_FAILURE,
  ),
  ERR_TLS_CERT_ALTNAME_INVALID: critical("the database server's TLS certificate is for another name", DATABASE_FAILURE),
};

/** By the SQLSTATE's class (its first two characters): only the server's own failures are failures of the database. */
const CLASSES: Readonly<Record<string, FailureMeaning>> = {
  '08': critical('the connection to the database failed', DATABASE_FAILURE),
  '53': critical('the database is out of a resource', DATABASE_FAILURE),
  '57': critical('the database stopped the statement', DATABASE_FAILURE),
  '58': critical('the database server has a failure of its system', DATABASE_FAILURE),
  XX: critical('the database server has an internal error', DATABASE_FAILURE),
  '22': high('a value does not fit its column', CODE),
  '23': high('a constraint refuses the record', CODE),
  '40': high('the transaction was rolled back by the database', CHECK_LOCKS),
  '42': high('something that the statement names is missing or not allowed', CHECK_SCHEMA),
  '54': high('a limit of the database is exceeded', TRIGGERS),
  '55': high('the table is not in a state to be written', CHECK_LOCKS),
  P0: high('a function refuses the record', TRIGGERS),
};

const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/timeout exceeded when trying to connect|timeout expired|connection timeout/i, 'the database server does not answer'],
  [/Query read timeout/, 'the database took too long to answer'],
  [/Connection terminated/, 'the database server broke the connection'],
  [/SCRAM.*password/, 'the password is missing'],
  [/does not support SSL/, 'TLS is wanted and the database server has none'],
];

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** The meaning of a code; an unknown one is judged by its class, and one of no known class is an application's own, from a trigger. */
export function meaningOf(code: string | null): FailureMeaning {
  if (code === null) return high('the database connection failed', DATABASE_FAILURE);
  const known = MEANINGS[code];
  if (known) return known;
  if (!SQLSTATE.test(code)) return high('the database connection failed', DATABASE_FAILURE);
  return CLASSES[code.slice(0, 2)] ?? high('a trigger or function of the application refuses the record', TRIGGERS);
}

/** A failure in words, with its code where it has one. */
export function databaseFailureText(code: string | undefined, message: string): string {
  const known = code === undefined ? undefined : MEANINGS[code];
  if (known !== undefined) return `${known.cause} (${code})`;
  const matched = MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
  if (matched !== undefined) return matched;
  return code === undefined ? 'the database connection failed' : `the database answered error ${code}`;
}
