import type { Verdict } from '#domain/incident/facts.ts';
import type { Policy } from '#domain/policy.ts';
import type { AuditTable, Rows, Sql } from './sql.ts';

/** What a check may know before it asks. */
export type CheckContext = { readonly table: AuditTable; readonly policy: Policy; readonly argument: string };

/**
 * One read-only diagnostic of the runbook. `ask` yields statements, is given their rows, and answers a verdict; it does nothing
 * itself. `refuse` says what is wrong with an argument, before anything is asked.
 */
export type Check = {
  readonly name: string;
  readonly step: string;
  readonly help: string;
  readonly refuse: (argument: string) => string | null;
  readonly ask: (context: CheckContext) => Generator<Sql, Verdict, Rows>;
};

/** The verdict of a check that could not read what it needed: never "ok", and it says what failed. */
export function unknownVerdict(reason: string): Verdict {
  return {
    level: 'unknown',
    evidence: `The check could not be done: ${reason}.`,
    figures: [],
    nextStep: 'if the database is the cause, go on with the DATABASE_FAILURE runbook; then run this check again',
  };
}
