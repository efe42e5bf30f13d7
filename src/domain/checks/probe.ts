import { z } from 'zod';
import { type ProbeOutcome, probeOutcomeSchema } from '#domain/audit-table/probe-outcome.ts';
import { query } from '#domain/audit-table/query.ts';
import { type AuditTable, quoteIdentifier, type Rows, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import { type Check, takesNone, withTable } from './check.ts';
import { byCommand, CHECK_CHANGES } from './next-steps.ts';
import { meaningOf } from './sqlstate.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 4: can a record be written? An INSERT as the writer, undone before anybody can see it. */
export const probe: Check = {
  name: 'probe',
  step: '§4',
  help: 'can a record be written? an INSERT as the application, undone before it can be seen',
  refuse: takesNone('probe'),
  ask: (context) =>
    withTable(context, function* (table) {
      const insert = insertFor(table, yield* query(columnsQuery(table)));
      const [row] = yield { kind: 'probe', insert };
      return judgeProbe(probeOutcomeSchema.parse(row));
    }),
};

/** The columns that an INSERT must name: NOT NULL, without a default, not generated. Catalogue only. */
export function columnsQuery(table: AuditTable): Sql {
  return {
    text: `
      select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, t.typcategory as category,
        (select e.enumlabel from pg_enum e where e.enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid) order by e.enumsortorder limit 1) as label
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
        and (a.attnotnull or a.attname = $2) and not a.atthasdef and a.attidentity = '' and a.attgenerated = ''
      order by a.attnum`,
    values: [tableSql(table), table.column],
  };
}

const columnRow = z.object({ name: z.string(), type: z.string(), category: z.string(), label: z.string().nullable() });

/**
 * The INSERT for this table, whatever its columns are: only those that must be filled, each with a harmless value of its type. Its
 * time is the database's own, in UTC where the column has no zone.
 */
export function insertFor(table: AuditTable, rows: Rows): Sql {
  const columns = rows.map((row) => columnRow.parse(row));
  const values = columns.map(({ name, type, category, label }) => {
    if (name === table.column) return table.hasTimeZone ? 'now()' : `now() at time zone 'UTC'`;
    if (label !== null) return `${quoteLiteral(label)}::${type}`;
    return `${VALUES[category] ?? 'null'}::${type}`;
  });
  const into = tableSql(table);
  if (columns.length === 0) return { text: `insert into ${into} default values`, values: [] };
  return {
    text: `insert into ${into} (${columns.map(({ name }) => quoteIdentifier(name)).join(', ')}) values (${values.join(', ')})`,
    values: [],
  };
}

/** A harmless value by PostgreSQL's type category (pg_type.typcategory). Texts are random, so that a unique constraint has no say. */
const VALUES: Readonly<Record<string, string>> = {
  A: `'{}'`,
  B: 'true',
  D: 'now()',
  I: `'127.0.0.1'`,
  N: '0',
  S: 'gen_random_uuid()::text',
  T: `'0'`,
  U: 'gen_random_uuid()',
};

function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The runbook's table of outcomes, and the ones it forgot. A failure before the INSERT is told apart from a refusal of it. */
export function judgeProbe(outcome: ProbeOutcome): Verdict {
  if (outcome.kind === 'written') {
    return {
      level: 'ok',
      evidence: `A record can be written as the application's role (${Math.round(outcome.milliseconds)} ms), so the cause lies in the application.`,
      figures: [{ name: 'What this can’t see', value: 'a failure of the commit itself, such as a full disk of the write-ahead log' }],
      ...CHECK_CHANGES,
    };
  }
  const { cause, level, next } = meaningOf(outcome.code);
  const code = outcome.code ? `, ${outcome.code}` : '';
  const figures = [
    ...(outcome.column ? [{ name: 'Column', value: outcome.column }] : []),
    ...(outcome.constraint ? [{ name: 'Constraint', value: outcome.constraint }] : []),
  ];
  const why = outcome.isRowSecurity ? 'row-level security refuses the record' : outcome.code ? cause : outcome.text;
  switch (outcome.stage) {
    case 'before':
      return { level, evidence: `No write could be tried: ${why}${code}.`, figures, ...next };
    case 'insert':
    case 'constraints':
      return { level, evidence: `The write was refused: ${why}${code}.`, figures, ...next };
    case 'after':
      return {
        level: 'unknown',
        evidence: `The write was taken, but undoing it failed: ${why}${code}.`,
        figures,
        ...byCommand('/audit probe', 'run the probe again'),
      };
    default:
      return outcome.stage satisfies never;
  }
}
