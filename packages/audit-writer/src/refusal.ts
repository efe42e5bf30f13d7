/** PostgreSQL's classes for data that can't be stored: 22 data exception, 23 integrity constraint violation. */
const SQLSTATE = /^2[23][0-9A-Z]{3}$/;
/** Prisma's codes for the same: value too long or invalid, a constraint, a missing value. */
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

/** Prisma's codes for a statement whose failure it has no word for, raw (P2010) or its own (P2039). PostgreSQL's code is in the error's `meta`. */
const PRISMA_UNMAPPED = new Set(['P2010', 'P2039']);

/**
 * Returns whether an error says that the record itself can't be stored, whenever it is tried. Anything else (no connection, no permission, no table, no
 * space, a lock) is the database's failure, and the record waits for its end.
 */
export function isRefusal(error: unknown): boolean {
  const code = textAt(error, ['code']);
  if (PRISMA_UNMAPPED.has(code)) return SQLSTATE.test(sqlstateInMeta(error));
  return SQLSTATE.test(code) || PRISMA.has(code);
}

/** Prisma's own engine and its driver adapters put it at different places. */
function sqlstateInMeta(error: unknown): string {
  return textAt(error, ['meta', 'code']) || textAt(error, ['meta', 'driverAdapterError', 'cause', 'originalCode']);
}

/** The text at this path; empty when there is none. */
function textAt(value: unknown, path: readonly string[]): string {
  const found = path.reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined), value);
  return typeof found === 'string' ? found : '';
}
