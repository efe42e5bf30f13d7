import { z } from 'zod';
import { type CheckProgram, query, tryQuery } from '#domain/audit-table/query.ts';
import { type AuditTable, asColumn, asText, columnSql, instantText, type Sql, tableSql } from '#domain/audit-table/sql.ts';
import type { Operation } from '#domain/base/policy.ts';
import { redactLine } from '#domain/base/text/foreign.ts';
import { formatDuration, MINUTE, SECOND } from '#domain/base/time.ts';
import { type Check, takesNone, unknownVerdict, withRecords } from './check.ts';
import { byCommand, FIND_THE_FAILURE } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** The runbook waits ten seconds for the asynchronous write. */
const WAIT_AT_MOST = 10 * SECOND;
const LOOK_EVERY = SECOND;

/** Runbook step 15: does every operation that must be audited leave its record? */
export const operations: Check = {
  name: 'operations',
  step: '§15',
  help: 'sends the requests of `operations` in runbook.yaml and waits for the audit record of each',
  refuse: takesNone('operations'),
  within: 5 * MINUTE,
  ask: (context) =>
    withRecords(context, function* (table) {
      const { operations: asked } = context.policy;
      if (asked.length === 0)
        return unknownVerdict('no operation is named: list the requests of step 15 under `operations` in runbook.yaml');
      const results: Result[] = [];
      for (const operation of asked) {
        yield { kind: 'say', line: `${results.length + 1} of ${asked.length}: ${operation.name}` };
        results.push({ operation, ...(yield* tryOperation(table, operation)) });
      }
      return judgeOperations(results);
    }),
};

/** How a request went, and when its record appeared; null when it did not within the wait. */
export const operationAnswerSchema = z.object({ status: z.number() });
export type Result = { readonly operation: Operation } & (
  | { readonly kind: 'unsent'; readonly why: string }
  | { readonly kind: 'sent'; readonly status: number; readonly appearedAfter: number | null }
);

type Outcome =
  | { readonly kind: 'unsent'; readonly why: string }
  | { readonly kind: 'sent'; readonly status: number; readonly appearedAfter: number | null };

function* tryOperation(table: AuditTable, operation: Operation): CheckProgram<Outcome> {
  const { at } = nowRow.parse((yield* query({ text: `select ${instantText('now()')} as at`, values: [] }))[0]);
  const sent = yield* tryQuery(send(operation));
  if ('why' in sent) return { kind: 'unsent', why: sent.why };
  for (let waited = 0; waited <= WAIT_AT_MOST; waited += LOOK_EVERY) {
    const { found } = foundRow.parse((yield* query(recordQuery(table, at, operation)))[0]);
    if (found !== null) return { kind: 'sent', status: sent.answer, appearedAfter: waited };
    if (waited < WAIT_AT_MOST) yield { kind: 'wait', length: LOOK_EVERY };
  }
  return { kind: 'sent', status: sent.answer, appearedAfter: null };
}

function* send(operation: Operation): CheckProgram<number> {
  return operationAnswerSchema.parse((yield { kind: 'operation', operation })[0]).status;
}

const nowRow = z.object({ at: z.string() });
const foundRow = z.object({ found: z.string().nullable() });

/** The first matching record since shortly before the request, on the database's clock: the last seconds of the index. */
function recordQuery(table: AuditTable, since: string, { expect: { action, resource } }: Operation): Sql {
  const at = columnSql(table);
  return {
    text: `
      select ${asText(table, `min(${at})`)} as found from ${tableSql(table)}
      where ${at} >= ${asColumn(table, `$1::timestamptz`)} and action::text = $2 and ($3::text is null or resource::text = $3)`,
    values: [since, action, resource],
  };
}

/** Every record there is ok; one missing is high, all missing critical. A request that could not be sent proves nothing. */
export function judgeOperations(results: readonly Result[]): Verdict {
  const figures = [
    ...results.map((result) => ({ name: redactLine(result.operation.name, 60), value: text(result) })),
    { name: 'What this can’t see', value: 'whether a record is ours: one of another user with the same action and resource looks alike' },
  ];
  const missing = results.filter((result) => result.kind === 'sent' && result.appearedAfter === null).length;
  const unsent = results.filter(({ kind }) => kind === 'unsent').length;
  const count = `${results.length - missing - unsent} of ${results.length}`;
  if (missing > 0) {
    const level = missing === results.length ? 'critical' : 'high';
    return { level, evidence: `${count} operations left their audit record; ${missing} did not.`, figures, ...FIND_THE_FAILURE };
  }
  if (unsent > 0) {
    return {
      level: 'unknown',
      evidence: `${count} operations left their audit record; ${unsent} could not be sent.`,
      figures,
      ...byCommand('/audit operations', 'repair what kept the request from being sent, then test again (runbook step 15)'),
    };
  }
  return {
    level: 'ok',
    evidence: `All ${results.length} operations left their audit record.`,
    figures,
    ...byCommand('/audit gaps', 'look for gaps (runbook step 14)'),
  };
}

function text(result: Result): string {
  const { action, resource } = result.operation.expect;
  const record = `${action}${resource ? ` ${resource}` : ''}`;
  if (result.kind === 'unsent') return `not sent: ${result.why}`;
  const status = `answered ${result.status}${result.status === 401 || result.status === 403 ? ' (is OPERATIONS_SESSION still valid?)' : ''}`;
  if (result.appearedAfter === null) return `no ${record} record within ${formatDuration(WAIT_AT_MOST)}; ${status}`;
  return `${record} recorded ${result.appearedAfter === 0 ? 'at once' : `within ${formatDuration(result.appearedAfter)}`}; ${status}`;
}
