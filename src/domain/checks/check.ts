import type { CheckProgram } from '#domain/audit-table/query.ts';
import { query } from '#domain/audit-table/query.ts';
import { type AuditTable, tableSql } from '#domain/audit-table/sql.ts';
import { filteredText, parseTable, tableQuery } from '#domain/audit-table/table.ts';
import type { Policy } from '#domain/base/policy.ts';
import type { Milliseconds } from '#domain/base/time.ts';
import type { Gap } from '#domain/gap/gap.ts';
import { byCommand, byRunbook } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** What a check may know before it asks: the table as the settings name it, the policy, and what was typed behind the check's name. */
export type CheckContext = {
  readonly tableName: string;
  readonly column: string;
  /** The zone of a time column without one; UTC unless given. */
  readonly zone?: string | undefined;
  /** The role that writes audit records, when one is configured. */
  readonly writerRole: string | null;
  readonly policy: Policy;
  readonly argument: string;
  readonly now: Date;
  /** The gaps of the incident for which the check runs, oldest first; none when there is no incident. */
  readonly gaps: readonly Gap[];
};

/**
 * One read-only diagnostic of the runbook. `ask` is a program: it asks, is given rows, and returns a verdict; it does nothing
 * itself. `refuse` says what is wrong with an argument, before anything is asked.
 */
export type Check = {
  readonly name: string;
  readonly step: string;
  readonly help: string;
  readonly refuse: (argument: string) => string | null;
  /** How long it may take; 15 seconds unless it says otherwise. */
  readonly within?: Milliseconds;
  /** Whether it is about the latest incident, be that resolved. */
  readonly isAboutLatest?: true;
  readonly ask: (context: CheckContext) => CheckProgram<Verdict>;
};

/** For checks that take no argument. */
export function takesNone(name: string): Check['refuse'] {
  return (argument) => (argument === '' ? null : `\`/audit ${name}\` takes no argument.`);
}

/** The verdict of a check that could not read what it needed: never "ok", and it says what failed. */
export function unknownVerdict(reason: string): Verdict {
  return {
    level: 'unknown',
    evidence: `The check could not be done: ${reason}.`,
    figures: [],
    ...byRunbook('database-failure', 'if the database is the cause, go on with the DATABASE_FAILURE runbook; then run this check again'),
  };
}

/** Looks the table up and goes on with it; where there is none, that is the verdict. */
export function* withTable(
  { tableName, column, zone }: CheckContext,
  then: (table: AuditTable) => CheckProgram<Verdict>,
): CheckProgram<Verdict> {
  const found = parseTable(yield* query(tableQuery(tableName, column)), tableName, column, zone);
  if (!('missing' in found)) return yield* then(found);
  if (found.isThere) {
    return {
      level: 'unknown',
      evidence: `The audit table can't be read: ${found.missing}.`,
      figures: [],
      nextStep:
        'name another column in AUDIT_TIMESTAMP_COLUMN, or a view that shows the time as a timestamp in AUDIT_TABLE (docs/audit-table.md)',
    };
  }
  return {
    level: 'critical',
    evidence: `The audit table can't be read: ${found.missing}.`,
    figures: [],
    ...byCommand(
      '/audit schema',
      'compare AUDIT_TABLE with the database, then check the schema before anything is recreated (runbook step 8)',
    ),
  };
}

/** The same for a check that reads records: where row-level security hides some from our role, nothing is said of them. */
export function withRecords(context: CheckContext, then: (table: AuditTable) => CheckProgram<Verdict>): CheckProgram<Verdict> {
  return withTable(context, function* (table) {
    if (!table.isFiltered) return yield* then(table);
    return {
      level: 'unknown',
      evidence: `Nothing is known of its records: ${filteredText(table)}.`,
      figures: [
        { name: 'Repaired by', value: `CREATE POLICY gapwatch_reads ON ${tableSql(table)} FOR SELECT TO gapwatch_reader USING (true);` },
      ],
      ...byCommand('/audit probe', 'give our role a policy that shows every record; until then test a write (runbook step 4)'),
    };
  });
}
