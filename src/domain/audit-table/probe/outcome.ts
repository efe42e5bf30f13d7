import type { WriteFailure } from '#domain/audit-table/writer-session.ts';

/**
 * Where a test record comes from: an INSERT that the policy gives, a copy of the newest real record, or values made up from the
 * catalogue.
 */
export type RecordSource = 'policy' | 'copy' | 'catalogue';

/** The role that tried the write, and its own statement_timeout in milliseconds (0: none). */
export type Writer = { readonly role: string; readonly statementTimeout: number };

/** Something that the write would set off outside its transaction, where no rollback undoes it. */
export type OutsideEffect = { readonly trigger: string; readonly table: string; readonly does: string };

/**
 * What a test write came to. `written`: the table took the record. `nothing-stored`: it accepted the INSERT and stored nothing.
 * `unfit`: it was refused for a value that Gapwatch made up, so real records may pass. `refused`: the database said no to a record as the
 * application writes it. `held-back`: it was not tried. `unreached`: there was no connection, or the transaction broke.
 */
export type ProbeOutcome =
  | {
      readonly kind: 'written';
      readonly source: RecordSource;
      readonly writer: Writer;
      readonly milliseconds: number;
      /** How far from now the stored record is dated, in seconds, although it was written as of now; null where that can't be seen. */
      readonly secondsOff: number | null;
    }
  | {
      readonly kind: 'nothing-stored';
      readonly source: RecordSource;
      readonly writer: Writer;
      /** INSTEAD rules and row-level BEFORE triggers, any of which may discard the record. */
      readonly rules: readonly string[];
      readonly triggers: readonly string[];
      /** Other tables in which the transaction stored a row meanwhile. */
      readonly storedIn: readonly string[];
      /** A rule without a condition discards every record, whatever its values are. */
      readonly isEveryRecord: boolean;
    }
  | {
      readonly kind: 'unfit' | 'refused';
      readonly source: RecordSource;
      readonly writer: Writer;
      readonly failure: WriteFailure;
      /** What the refusal comes from, where the catalogue knows it better than the error does. */
      readonly cause: RefusalCause | null;
    }
  | { readonly kind: 'held-back'; readonly writer: Writer; readonly effects: readonly OutsideEffect[] }
  | { readonly kind: 'unreached'; readonly failure: WriteFailure };

/** Causes that the SQLSTATE alone does not tell. */
export type RefusalCause =
  | { readonly kind: 'no-partition'; readonly table: string; readonly create: string | null }
  | { readonly kind: 'sequence'; readonly sequence: string; readonly what: 'forbidden' | 'exhausted' | 'past-type' | 'behind' }
  | { readonly kind: 'policies'; readonly names: readonly string[] }
  /** `by`: a replica in recovery, or where default_transaction_read_only was set (pg_settings.source). */
  | { readonly kind: 'read-only'; readonly by: string }
  | { readonly kind: 'own-timeout'; readonly milliseconds: number };
