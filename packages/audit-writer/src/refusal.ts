/** PostgreSQL's classes for data that can't be stored: 22 data exception, 23 integrity constraint violation. */
const SQLSTATE = /^2[23][0-9A-Z]{3}$/;
/** Prisma's words for the same: value too long or invalid, a constraint, a missing value. */
const PRISMA = new Set([
  'P2000',
  'P2002',
  'P2003',
  'P2004',
  'P2005',
  'P2006',
  'P2007',
  'P2009',
  'P2011',
  'P2012',
  'P2013',
  'P2019',
  'P2020',
]);

/** Prisma's code for a raw statement that failed; PostgreSQL's own code is in its `meta`. */
const PRISMA_RAW = 'P2010';

/**
 * Returns whether an error says that the record itself can't be stored, whenever it is tried. Anything else (no connection, no permission, no table, no
 * space, a lock) is the database's failure, and the record waits for its end.
 */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  if (code === PRISMA_RAW && error instanceof Error && 'meta' in error) return SQLSTATE.test(codeOf(error.meta));
  return SQLSTATE.test(code) || PRISMA.has(code);
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
