/**
 * What a database failure means, by SQLSTATE or Node's error code (seen on real servers through the `pg` driver). The server's own
 * message, detail and hint are never shown: they may quote rows.
 */
const CAUSES: Readonly<Record<string, string>> = {
  '42P01': 'the table does not exist',
  '42703': 'a column does not exist',
  '42501': 'permission denied',
  '53100': "the database's disk is full",
  '53300': 'the database has no free connection',
  '55P03': 'the table is locked',
  '57014': 'the statement took too long (a lock, or a slow database)',
  '57P01': 'the database is shutting down',
  '57P03': 'the database is starting up or shutting down',
  '28P01': 'the password was refused',
  '28000': 'the role is unknown or may not connect',
  '3D000': 'the database does not exist',
  '08P01': 'the connection pooler refused the connection',
  ECONNREFUSED: 'the database server refuses connections',
  ENOTFOUND: "the database server's name is unknown",
  EAI_AGAIN: "the database server's name can't be looked up",
  ETIMEDOUT: 'the database server does not answer',
  ECONNRESET: 'the database server broke the connection',
  ENOENT: "the database server's socket does not exist",
};

const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/timeout exceeded when trying to connect|timeout expired|connection timeout/i, 'the database server does not answer'],
  [/Query read timeout/, 'the database took too long to answer'],
  [/Connection terminated/, 'the database server broke the connection'],
  [/SCRAM.*password/, 'the password is missing'],
  [/does not support SSL/, 'TLS is wanted and the database server has none'],
];

/** A failure in words, with its code where it has one. */
export function databaseFailureWords(code: string | undefined, message: string): string {
  const known = code === undefined ? undefined : CAUSES[code];
  if (known !== undefined) return `${known} (${code})`;
  const matched = MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
  if (matched !== undefined) return matched;
  return code === undefined ? 'the database connection failed' : `the database answered error ${code}`;
}
