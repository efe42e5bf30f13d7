import type { Rows, Sql } from './sql.ts';

/**
 * How a statement of the writer failed. Nothing here quotes a row: names are the catalogue's, and the server's own message, detail
 * and hint are left out.
 */
export type WriteFailure = {
  /** `before`: no statement was tried. `insert`: it was refused. `constraints`: a deferred one refused it. `after`: undoing it failed. */
  readonly stage: 'before' | 'insert' | 'constraints' | 'after';
  /** The SQLSTATE, or Node's error code; null when there is none. */
  readonly code: string | null;
  /** In words for people, with the code. */
  readonly text: string;
  readonly isRowSecurity: boolean;
  /** Whether a setting is missing that only the application's own session has (`current_setting`). */
  readonly lacksSetting: boolean;
  readonly column: string | null;
  readonly constraint: string | null;
  /** The table that the server names; with a trigger it may be another one than the audit table. */
  readonly table: string | null;
  /** What permission was denied for, or what does not exist: its kind and name. */
  readonly object: { readonly kind: string; readonly name: string } | null;
  /** Functions that ran when it failed, the innermost first: a trigger's, or a default's. */
  readonly functions: readonly string[];
};

/** What a session of the writer does next. `try` runs an INSERT and undoes it; `close` ends the transaction, in which nothing is left. */
export type WriterStatement =
  | { readonly kind: 'connect' }
  | { readonly kind: 'ask'; readonly sql: Sql }
  | { readonly kind: 'try'; readonly insert: Sql }
  | { readonly kind: 'close' };

/** `tried`: the rows that the server says it stored, and the tables in which the transaction really stored some. */
export type WriterAnswer =
  | { readonly kind: 'rows'; readonly rows: Rows }
  | {
      readonly kind: 'tried';
      readonly rowCount: number;
      readonly storedIn: readonly { readonly table: string; readonly oid: string }[];
      /** What the INSERT returned, where it returns something. */
      readonly returned: Rows;
      readonly milliseconds: number;
    }
  | { readonly kind: 'failed'; readonly failure: WriteFailure };

/** A conversation with the database as the application's role, in one transaction that never leaves a row. */
export type WriterSession<Answer> = Generator<WriterStatement, Answer, WriterAnswer>;

/** The rows of a statement, or how it failed. */
export function* askAsWriter(sql: Sql): WriterSession<{ readonly rows: Rows } | { readonly failure: WriteFailure }> {
  const answer = yield { kind: 'ask', sql };
  if (answer.kind === 'failed') return { failure: answer.failure };
  return { rows: answer.kind === 'rows' ? answer.rows : [] };
}
